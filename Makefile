# SPDX-License-Identifier: GPL-2.0
# The two commands of the README and short names for the rest; the work is
# done by scripts/nfx-tree and tools/nfx.

TREE   := scripts/nfx-tree
PYTHON ?= python3
prefix ?= /usr/local

.PHONY: help demo bench check check-fast check-full prepare nfx install \
	clean distclean

help:
	@echo 'make demo        measure the headline defects, stock and patched'
	@echo '                 -> build/demo/{results.json,report.html}'
	@echo 'make bench       every scenario there is -> build/bench/'
	@echo 'make check       static checks, patched kernel, selftests, nfx'
	@echo 'make check-fast  static checks only, under 30 s'
	@echo 'make check-full  debug kernels, every patch alone, upstream'
	@echo '                 selftests; resumes where it was stopped'
	@echo 'make prepare     build/linux: the base with the stack applied'
	@echo 'make nfx         build tools/nfx'
	@echo 'make install     install nfx and its manual pages (prefix=, DESTDIR=)'
	@echo 'make clean       remove build output; build/linux stays'
	@echo 'make distclean   clean, and build/linux with your commits in it'
	@echo
	@echo '$(TREE) help  lists the verbs behind these.'
	@echo 'NFX_CACHE=DIR moves downloads and build caches (~/.cache/nfx).'
	@echo 'KDIR=DIR takes another kernel tree as the base of make prepare.'

demo:
	@$(TREE) bench --demo -o build/demo

bench:
	@$(TREE) bench -o build/bench

check:
	@$(PYTHON) scripts/nfx/makecheck.py

check-fast:
	@$(TREE) check --fast

check-full:
	@$(TREE) check-full

prepare:
	@$(TREE) prepare

nfx:
	@$(MAKE) -C tools/nfx

install:
	@$(MAKE) -C tools/nfx install prefix='$(prefix)' DESTDIR='$(DESTDIR)'

# The prepared tree may hold commits that are in no patch yet.
clean:
	@$(MAKE) -s -C tools/nfx clean
	@rm -rf build/demo build/bench build/log build/run
	@if [ -e build/linux ]; then \
		echo 'build/linux stays; make distclean removes it'; fi

distclean: clean
	@if [ -e build/linux ] && [ "$(FORCE)" != 1 ]; then \
		echo 'build/linux may hold commits that are in no patch:'; \
		echo 'see "$(TREE) status", then: make distclean FORCE=1'; \
		exit 1; fi
	@rm -rf build outgoing
