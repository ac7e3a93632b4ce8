/* SPDX-License-Identifier: GPL-2.0-only */
/* nfnetlink, as commands open it. */
#ifndef NFX_NLCMD_H
#define NFX_NLCMD_H

#include "nl.h"

/**
 * nlcmd_open() - open a socket of nfnetlink, or say why not
 *
 * Return: the socket, to be closed with nl_close(), or NULL: the error was
 * printed and the exit status is NFX_KERNEL.
 */
struct nl *nlcmd_open(void);

#endif /* NFX_NLCMD_H */
