"""Messages to people: the queue, e-mail, SMS and the outbox.

Lives here: Message, its queue, and what sends it.
May import: store and below.
May enter: messages rendered by a domain; leaves as: queued rows; SMTP and webhook calls.
"""
