"""From a file to numbers, a step to a module: reading, missing values, targets, splitting, features."""
