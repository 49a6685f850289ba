# SPDX-License-Identifier: MIT
"""template - the model's own chat template, with a few edits.

As it is, the template asks for <tool_call> tags, which this model never writes: it
writes a JSON block. Asked for that, and shown its earlier calls as such blocks, it calls
tools well, and the server infers its parser from them. What is said once, far above the
question, it forgets, and answers from its head: so it is told beside every question, and
after every result, what to do next.
"""

import gguf

KEY = "tokenizer.chat_template"
# (what is there, what is put there); the texts stand inside string literals of Jinja.
EDITS = (
    (
        r"For each function call, return a json object with function name and arguments "
        r"within <tool_call></tool_call> XML tags:\n<tool_call>\n{{\"name\": "
        r"<function-name>, \"arguments\": <args-json-object>}}\n</tool_call><|im_end|>\n",
        r"To call a function, answer with one json code block and nothing else:"
        r"\n```json\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n```\n"
        r"If no function is needed, answer in plain text.<|im_end|>\n",
    ),
    (r"""'\n<tool_call>\n{"name": "'""", r"""'\n```json\n{"name": "'"""),
    (r"""'}\n</tool_call>'""", r"""'}\n```'"""),
    (
        r"""message.role + '\n' + message.content + '<|im_end|>'""",
        r"""message.role + '\n' + message.content + ('\n\nCall a function if one can """
        r"""help; do not guess.' if tools and message.role == "user" else '') """
        r"""+ '<|im_end|>'""",
    ),
    (
        r"""!= "tool") %}
            {{- '<|im_end|>\n' }}""",
        r"""!= "tool") %}
            {{- '\nThe function has run; its result is above. If it answers the """
        r"""question, answer now in one or two plain sentences without JSON. If not, """
        r"""call another function.<|im_end|>\n' }}""",
    ),
)


def of(model):
    """The template for a model file."""
    text = gguf.text(model, KEY)
    for old, new in EDITS:
        if text.count(old) != 1:
            raise ValueError(f"{model} has another chat template than expected")
        text = text.replace(old, new)
    return text
