# SPDX-License-Identifier: Apache-2.0
"""cases_long.py - the cases of ./run boot --all: minutes each."""
