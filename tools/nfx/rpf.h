/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of "nfx rpf". */
#ifndef NFX_RPF_H
#define NFX_RPF_H

int rpf_help(int argc, char **argv);
int rpf_check(int argc, char **argv);
int rpf_migrate(int argc, char **argv);

#endif /* NFX_RPF_H */
