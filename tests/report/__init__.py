"""What a report says and draws."""
