"""How the catalogue refuses."""

from cleanly.kernel.errors import AppError


class ProductArchived(AppError):
    """It was taken off the shelf, and stays so: sell it again as a new product."""

    status = 409
    code = "INVALID_STATE"
    message = "The product is archived"
    action = "show it"
