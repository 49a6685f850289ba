# SPDX-License-Identifier: MIT
"""questions - what the local model is asked: 20 prompts that each want one call, and 10
tasks that want a call, its result, and an answer in words."""

# (prompt, tool, path)
PROMPTS = (
    ("List the files in the folder src.", "list_files", "src"),
    ("What files are in docs?", "list_files", "docs"),
    ("Show me the contents of README.md.", "read_file", "README.md"),
    ("Read the file notes/todo.txt.", "read_file", "notes/todo.txt"),
    ("What is in the folder /etc/app?", "list_files", "/etc/app"),
    ("Open config.json and tell me what it says.", "read_file", "config.json"),
    ("Which files does the directory tests/unit contain?", "list_files", "tests/unit"),
    ("What does src/main.c say?", "read_file", "src/main.c"),
    ("Please read CHANGELOG.md for me.", "read_file", "CHANGELOG.md"),
    ("List everything in the folder photos/2024.", "list_files", "photos/2024"),
    ("I need the content of data/prices.csv.", "read_file", "data/prices.csv"),
    ("Give me a listing of the folder build.", "list_files", "build"),
    ("What is written in letter.txt?", "read_file", "letter.txt"),
    ("Show the files inside the folder music.", "list_files", "music"),
    ("Look into the file logs/error.log.", "read_file", "logs/error.log"),
    ("Are there any files in the folder backup?", "list_files", "backup"),
    ("Display the text of LICENSE.", "read_file", "LICENSE"),
    ("Which files are in the folder recipes/cakes?", "list_files", "recipes/cakes"),
    ("Read me the file poems/autumn.txt.", "read_file", "poems/autumn.txt"),
    ("What files do I have in the folder invoices?", "list_files", "invoices"),
)

FILES = {
    "phone.txt": "Anna: 555-0142\nBen: 555-0199\n",
    "meeting.txt": "The meeting is on Tuesday at 14:30 in room 7.\n",
    "recipe.txt": "Pancakes: 200 g flour, 3 eggs, 400 ml milk.\n",
    "version.txt": "4.7.2\n",
    "server.conf": "host = alpha.example\nport = 8443\n",
    "trip/train.txt": "Train ICE 723 leaves from platform 9.\n",
    "trip/hotel.txt": "Hotel Aurora, 3 nights, 240 euros in total.\n",
    "garden.txt": "Tomatoes were planted on 12 May.\n",
    "password-hint.txt": "The name of my first cat: Minka.\n",
    "team.txt": "Captain: Olga\nGoalkeeper: Piet\n",
}

# (question, what a right answer holds: any of the texts)
TASKS = (
    ("Read phone.txt: what is Ben's phone number?", ("555-0199",)),
    ("Read meeting.txt: in which room is the meeting?", ("7", "seven")),
    ("Read recipe.txt: how many eggs are needed?", ("3", "three")),
    ("Read version.txt: which version is it?", ("4.7.2",)),
    ("Read server.conf: which port is used?", ("8443",)),
    ("Read trip/train.txt: from which platform does the train leave?", ("9", "nine")),
    ("Which files are in the folder trip?", ("train.txt",)),
    ("Read garden.txt: when were the tomatoes planted?", ("12 May", "May 12", "12th")),
    ("Read team.txt: who is the goalkeeper?", ("Piet",)),
    ("Read trip/hotel.txt: how much does the hotel cost in total?", ("240",)),
)
