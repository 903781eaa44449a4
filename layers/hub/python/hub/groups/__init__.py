"""Groups of customers: who made one, who may see or change it until when, and who asked to."""
