/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of "nfx ct" that have a file of their own. */
#ifndef NFX_CT_H
#define NFX_CT_H

int ct_events(int argc, char **argv);

#endif /* NFX_CT_H */
