"""No bytes from outside stop a parser, or get further than they may: what is right, what is cut, what was found."""

from nor import Random
from parsers import PARSERS, corpus
from seeds import SEEDS


def test_what_was_found_does_no_harm_any_more():
    for name, inputs in corpus().items():
        for data in inputs:
            PARSERS[name](data)


def test_what_is_right_is_read_at_every_length():
    for name, seeds in SEEDS.items():
        for data in seeds:
            for size in range(0, len(data) + 1, 1 + len(data) // 100):
                PARSERS[name](data[:size])


def test_what_is_spoilt_is_read_or_refused():
    random = Random(7)
    for name, parse in PARSERS.items():
        for seed in SEEDS.get(name, [bytes(200)]):
            for _ in range(30):
                data = bytearray(seed)
                for _ in range(1 + random.below(3)):
                    data[random.below(len(data))] ^= 1 << random.below(8)
                parse(bytes(data))
