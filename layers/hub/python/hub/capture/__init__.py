"""What is not known of a customer, what to ask next, and proof that an answer is right."""
