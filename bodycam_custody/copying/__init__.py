"""Reading cards: the processes that do it, which card has its turn, and what a listing spares them."""
