"""SAML 2.0 as a service provider speaks it.

Lives here: safe XML, signatures and encryption of XML, metadata, requests, responses, logout.
May import: foundation.
May enter: documents of strangers, keys and certificates; leaves as: proven values, or a failure.
"""
