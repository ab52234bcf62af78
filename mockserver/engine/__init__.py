"""What happens: accounts, tasks, credits, limits and refusals, on a clock that is given in."""
