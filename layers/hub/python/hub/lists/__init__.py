"""Lists of people that are put together: who stays, who is merged into whom, who is left out and why."""
