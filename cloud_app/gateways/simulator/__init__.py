"""The practice cloud: what a first start runs on, and what tests run against."""
