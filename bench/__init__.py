"""What the portal costs: counts, ratios and delays, each printed beside its budget."""
