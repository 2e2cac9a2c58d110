"""Clock, ids, randomness, secret values, paging positions and the Failure base.

Lives here: what every room needs and what knows nothing of the product.
May import: the standard library only.
May enter and leave: plain values.
"""
