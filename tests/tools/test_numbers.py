"""What `make numbers` counts."""

import ast

from tools.numbers import first_words, functions, length, parameters

SOURCE = '''"""Owns nothing."""
class Cast:
    @cache
    def choose(self, first, /, *names, only=None, **others):
        """One of them."""
        return names

async def wait():
    pass
'''


def measured(count):
    return {function.name: count(function) for function in functions(ast.parse(SOURCE))}


def test_lengths_include_the_docstring_but_no_decorator():
    assert measured(length) == {"choose": 3, "wait": 2}


def test_parameters_are_what_a_caller_may_pass():
    assert measured(parameters) == {"choose": 4, "wait": 0}


def test_docstrings_are_counted_by_their_first_word():
    assert first_words({"a.py": ast.parse(SOURCE), "b.py": ast.parse("x = 1")}) == {"Owns": 1}
