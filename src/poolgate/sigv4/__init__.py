"""AWS Signature Version 4: canonicalise, sign and verify requests.

Lives here: canonical requests, signing keys, the order of checks and their texts.
May import: foundation.
May enter: the parts of a request as they arrived;
leaves as: a verified signature, or a SignatureFailure.
"""
