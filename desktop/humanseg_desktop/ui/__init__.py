"""The widgets: small files with one job each. They know the controller; the controller knows none of them."""
