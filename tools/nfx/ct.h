/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of "nfx ct". */
#ifndef NFX_CT_H
#define NFX_CT_H

int ct_help(int argc, char **argv);
int ct_events(int argc, char **argv);
int ct_flush(int argc, char **argv);
int ct_policy(int argc, char **argv);
int ct_pressure(int argc, char **argv);
int ct_table(int argc, char **argv);
int ct_top(int argc, char **argv);

#endif /* NFX_CT_H */
