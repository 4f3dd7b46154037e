"""From a file to numbers, one module for each step: reading, missing values, targets, splitting, features."""
