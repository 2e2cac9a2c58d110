"""The AWS door: JSON 1.1 and Query protocols, the request pipeline, errors.

Lives here: protocol codecs from the service models, AWS_PIPELINE, limits, CORS.
May import: operations and below.
May enter: HTTP requests; leaves as: HTTP responses.
"""
