"""What the tests of workers let processes do; in a module of its own, so that a fresh process finds it."""

import os
import time


def double(number, *_):
    """Give twice a number; end the process at 13, and never end at 7."""
    if number == 13:
        os._exit(9)
    while number == 7:
        time.sleep(0.1)
    return 2 * number


def never(told):
    """Tell the number of the process by writing it to a file, and never end."""
    with open(told + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.replace(told + ".part", told)
    while True:
        time.sleep(0.1)
