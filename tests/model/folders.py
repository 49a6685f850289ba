# SPDX-License-Identifier: MIT
"""folders - three folders of the kind that people have, and what they ask about them.

FOLDERS: {name: {path: text}}. QUESTIONS: (folder, question, what a right answer holds:
any of the texts, upper and lower case being the same). The desk was made with the first
half; the second asks for other things in other words.
"""

NOTES = {
    "list.txt": "Shopping: milk, bread, coffee, dishwasher tabs\n",
    "tickets.txt": "Train tickets\nHamburg to Berlin, leaves at 14:36 from platform 7 on "
    "3 December.\nSeats 41 and 42, coach 5.\n",
    "dentist.txt": "Dr. Weber, dentist. Tuesday 8 December, 9:15.\n"
    "Bring the insurance card.\n",
    "wifi.txt": "Network: Fernweh\nPassword: blue-kettle-42\n",
    "birthdays.txt": "Grandma: 4 March\nJonas: 17 June\nLea: 30 September\n",
    "books.md": "# To read\n- The Left Hand of Darkness\n- Middlemarch\n\n# Lent\n"
    "- Dune, to Piet, in August\n",
    "recipes/pancakes.md": "# Pancakes\n\n- 200 g flour\n- 3 eggs\n- 400 ml milk\n"
    "- a little salt\n\nLet the batter rest for 20 minutes.\n",
    "recipes/soup.md": "# Pumpkin soup\n\n- 1 pumpkin\n- 2 onions\n- 1 litre of stock\n"
    "- 200 ml cream\n\nCook for 25 minutes, then puree.\n",
    "home/heating.md": "The boiler was serviced on 2 October 2026 by Kuhn Ltd.\n"
    "Next service: October 2027.\n",
    "home/rent.txt": "Rent: 940 euros, due on the 3rd of each month.\n"
    "Landlord: Mr. Petrov, phone 555-0177.\n",
    "home/garden/plan.txt": "Tomatoes: bed by the wall, planted on 12 May.\n"
    "Beans: behind the shed.\n",
}

CONTRACT = "\n\n".join(
    f"{number}. {title}\n{text}"
    for number, (title, text) in enumerate(
        (
            ("Parties", "This contract is made between Nordlicht GmbH and Marker Studio."),
            ("Subject", "The studio designs and maintains the website of the company."),
            ("Delivery", "Drafts are delivered by the 15th of each month as PDF files."),
            ("Fees", "The fee is 1,850 euros a month, without taxes."),
            ("Travel", "Travel is paid by the company if it was agreed in writing."),
            ("Rights", "All rights of use pass to the company with the payment."),
            ("Secrecy", "Both sides keep secret what they learn about each other."),
            ("Liability", "The studio is liable for intent and gross negligence."),
            ("Term", "The contract begins on 1 February 2026 and has no fixed end."),
            ("Notice", "Either side may end it with a notice period of six weeks."),
            ("Law", "German law applies; the place of jurisdiction is Kiel."),
        ),
        1,
    )
)

OFFICE = {
    "contacts.csv": "name,role,phone,mail\n"
    "Maria Lopez,accounting,555-0131,maria@nordlicht.example\n"
    "Tom Becker,sales,555-0132,tom@nordlicht.example\n"
    "Aylin Kaya,director,555-0130,aylin@nordlicht.example\n"
    "Sven Holm,warehouse,555-0139,sven@nordlicht.example\n",
    "contract.txt": CONTRACT + "\n",
    "budget.csv": "item,planned,spent\nrent,24000,20000\ntravel,6000,7150\n"
    "software,3200,2980\nprinting,900,310\n",
    "invoices/2026-09.csv": "number,customer,amount,status\n"
    "R-2101,Hansen Boats,1200.00,paid\nR-2102,Cafe Luna,340.50,paid\n",
    "invoices/2026-10.csv": "number,customer,amount,status\n"
    "R-2103,Hansen Boats,980.00,paid\nR-2104,Vogel Optics,2210.00,open\n"
    "R-2105,Cafe Luna,125.00,paid\n",
    "minutes/2026-10-05.md": "# Meeting, 5 October\n\n- The fair in Kiel is cancelled.\n"
    "- Sven orders a new forklift by the end of the month.\n",
    "minutes/2026-11-02.md": "# Meeting, 2 November\n\n- Tom takes care of the new price "
    "list.\n- The Christmas party is on 11 December in the restaurant Anker.\n",
}

CODE = {
    "README.md": "# tideway\n\nA small HTTP server for uploads of measurements.\n\n"
    "    python3 -m tideway --config config/production.toml\n\n"
    "Needs Python 3.11 or later. Licensed under the Apache License 2.0.\n",
    "CHANGELOG.md": "# Changes\n\n## 2.4.0\n- uploads can be resumed\n\n## 2.3.1\n"
    "- a crash on empty headers is mended\n\n## 2.3.0\n- metrics at /metrics\n",
    "config/production.toml": '[server]\nhost = "0.0.0.0"\nport = 8443\nworkers = 6\n\n'
    '[storage]\npath = "/srv/tideway"\nkeep_days = 90\n',
    "config/development.toml": '[server]\nhost = "127.0.0.1"\nport = 8080\nworkers = 1\n',
    "tideway/__main__.py": "from tideway.server import serve\n\nserve()\n",
    "tideway/server.py": '"""Accepts connections and hands requests on."""\n\n'
    "import socketserver\n\nfrom tideway.upload import UploadHandler\n\nBACKLOG = 128\n"
    "\n\ndef serve():\n    with socketserver.TCPServer(address(), UploadHandler) as s:\n"
    "        s.serve_forever()\n",
    "tideway/upload.py": '"""Stores what is uploaded."""\n\n'
    "MAX_UPLOAD_MB = 64\nTIMEOUT_SECONDS = 45\n\n\nclass UploadHandler:\n"
    "    def handle(self):\n        if self.size > MAX_UPLOAD_MB << 20:\n"
    "            raise TooLarge(self.size)\n        self.store()\n",
    "tideway/headers.py": '"""Reads the headers of a request."""\n\n\n'
    "def parse_header(line):\n    name, _, value = line.partition(b':')\n"
    "    return name.strip().lower(), value.strip()\n",
    "tests/test_headers.py": "from tideway.headers import parse_header\n\n\n"
    "def test_is_lower_case():\n    assert parse_header(b'A: b') == (b'a', b'b')\n",
}

FOLDERS = {"notes": NOTES, "office": OFFICE, "code": CODE}

QUESTIONS = (
    ("notes", "When does my train leave?", ("14:36",)),
    ("notes", "What is the wifi password?", ("blue-kettle-42",)),
    ("notes", "How many eggs do I need for pancakes?", ("3", "three")),
    ("notes", "Who is my landlord?", ("Petrov",)),
    ("office", "What is Maria Lopez's phone number?", ("555-0131",)),
    ("office", "How long is the notice period in the contract?", ("six weeks", "6 weeks")),
    ("office", "Which invoice of October is still open?", ("R-2104", "Vogel")),
    ("office", "Where is the Christmas party?", ("Anker",)),
    ("code", "Which port does the server use in production?", ("8443",)),
    ("code", "How large may an upload be?", ("64",)),
    ("code", "In which file is the function parse_header defined?", ("headers.py",)),
    ("code", "Which version made uploads resumable?", ("2.4.0",)),
    # The second half.
    ("notes", "On what day is Jonas's birthday?", ("17 June", "June 17")),
    ("notes", "To whom did I lend Dune?", ("Piet",)),
    ("notes", "When was the boiler serviced last?", ("2 October", "October 2")),
    ("notes", "Where did I plant the tomatoes?", ("wall",)),
    ("office", "Who works in the warehouse?", ("Sven", "Holm")),
    ("office", "How much did we spend on travel?", ("7150", "7,150")),
    ("office", "What do we pay Marker Studio each month?", ("1,850", "1850")),
    ("office", "Who was to order the forklift?", ("Sven",)),
    ("code", "How many workers are configured in production?", ("6", "six")),
    ("code", "Which Python version does it need?", ("3.11",)),
    ("code", "What is the timeout for uploads in seconds?", ("45",)),
    ("code", "What licence does the project have?", ("Apache",)),
)
