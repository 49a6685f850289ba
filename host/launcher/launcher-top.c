/* SPDX-License-Identifier: MIT */
/* launcher-top.c - `ferrule top`: the status, redrawn. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher-status.h"

enum {
    TOP_MS = 1000,      /* between frames */
    TOP_ROWS = 24,      /* of a terminal that does not say */
    KEY_INTERRUPT = 3,  /* ^C */
    KEY_END_OF_FILE = 4 /* ^D */
};

#define SCREEN_OPEN  "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define SCREEN_CLOSE "\033[?25h\033[?1049l"
#define SCREEN_HOME  "\033[H"
#define LINE_REST    "\033[K" /* clear to the end of the line */
#define SCREEN_REST  "\033[J"

/* One frame: as many lines as there is room for. */
static void
draw(const char *text)
{
    struct winsize size = {0};
    int rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
                   ? size.ws_row
                   : TOP_ROWS;
    size_t columns = size.ws_col > 0 ? size.ws_col : SIZE_MAX;
    g_auto(GStrv) lines = g_strsplit(text, "\n", rows);
    fputs(SCREEN_HOME, stdout);
    for (int i = 0; lines[i] != NULL && i < rows - 1; i++) {
        char *end = strchr(lines[i], '\n'); /* of the last one */
        size_t length = end == NULL ? strlen(lines[i]) : (size_t)(end - lines[i]);
        fwrite(lines[i], 1, MIN(length, columns), stdout);
        fputs(LINE_REST "\n", stdout);
    }
    fputs("q ends" LINE_REST SCREEN_REST, stdout);
    fflush(stdout);
}

/* Wait for a second, a key or a signal; false: enough. */
static bool
wait_for_more(int signals)
{
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    if (poll(watched, G_N_ELEMENTS(watched), TOP_MS) <= 0)
        return true;
    char key = 0;
    if (watched[1].revents != 0 || read(STDIN_FILENO, &key, 1) != 1)
        return false;
    return key != 'q' && key != KEY_INTERRUPT && key != KEY_END_OF_FILE;
}

static int
redraw(int signals, GError **error)
{
    do {
        g_autofree char *text = launcher_status_text(false, error);
        if (text == NULL)
            return -1;
        draw(text);
    } while (wait_for_more(signals));
    return 0;
}

static int
open_signals(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    return signalfd(-1, &ending, SFD_CLOEXEC);
}

int
launcher_status_top(GError **error)
{
    struct termios before;
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) {
        g_autofree char *text = launcher_status_text(false, error);
        if (text == NULL)
            return -1;
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? HOST_ERROR_INTERNAL : 0;
    }
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    int signals = open_signals();
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs(SCREEN_OPEN, stdout);
    int code = redraw(signals, error);
    fputs(SCREEN_CLOSE, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    close(signals);
    return code;
}
