"""The order book and NetBox, compared: what to do when one of them was lost or restored."""
