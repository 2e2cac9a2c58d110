"""Secrets Manager: values kept in versions under staging labels, sealed at rest.

Lives here: secrets, versions and labels, deletion, tags, filters, resource policies, passwords.
May import: store and below; not userpools, not iam.
May enter: typed values; leaves as: secrets, contents, Failures.
"""
