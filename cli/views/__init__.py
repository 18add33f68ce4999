"""What a person is shown of each answer: wire values in, text in the user's language out; nothing is fetched."""
