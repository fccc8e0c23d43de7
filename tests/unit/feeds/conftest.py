"""The fakes' internet for every test of this folder."""

from tests.fakes.fixtures import internet, whole_internet

__all__ = ["internet", "whole_internet"]
