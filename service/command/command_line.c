/* SPDX-License-Identifier: MIT */
#include "service/command/command_line.h"

#include <stdio.h>
#include <string.h>

#include "service/node/node.h"

const char command_line_usage[] =
    "usage: hubplane-service VERB [--config FILE] [--name SERVICE]\n"
    "\n"
    "  run       serve until stopped: in the console, or as a Windows service\n"
    "  check     say what is wrong with the configuration, or show what is in effect and where it "
    "comes from\n"
    "  connection-string [APP]\n"
    "            print what an application needs to call the REST interface; it holds the access "
    "key\n"
    "  status [--json]\n"
    "            say how the service and its node are: clients, link, messages, apps; 0 when "
    "ready\n"
    "  sample    print a commented configuration with every option and its default\n"
    "  import-credentials FILE\n"
    "            keep the file made by \"hubplane-bridge issue\" where only the service can read "
    "it; on Windows its key is\n"
    "            protected by DPAPI\n"
    "  install   [--set SECTION.OPTION=VALUE]...: make it a Windows service; --update renews the "
    "settings of one\n"
    "  uninstall [--purge]: stop and remove the Windows service; with --purge its folder in "
    "ProgramData as well\n"
    "  version   print the version; also --version\n"
    "  help      print this, and with \"help options\" every option; also --help\n"
    "\n"
    "The configuration is the file named by --config (with \"install\": from then on), else "
    "hubplane.ini in\n"
    "/etc/hubplane or %ProgramData%\\SERVICE; on Windows values under\n"
    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SERVICE\\Parameters win over the file. SERVICE is\n"
    "Hubplane unless told otherwise.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.\n";

int
command_line_fail(const char *what, const char *which)
{
    fprintf(stderr, "hubplane-service: %s%s; \"hubplane-service help\" says more\n", what, which);
    return NODE_EXIT_CONFIGURATION;
}

static int
add_setting(struct command_line *line, const char *setting)
{
    if (line->setting_count == COMMAND_LINE_SETTINGS_MAX) {
        return command_line_fail("too many --set, write a file instead: ", setting);
    }
    line->settings[line->setting_count++] = setting;
    return 0;
}

/* An option with a value: 0, or an exit code. */
static int
take_value(struct command_line *line, const char *option, const char *value)
{
    if (value == NULL) {
        return command_line_fail(option, " needs a value");
    }
    if (strcmp(option, "--config") == 0) {
        line->config = value;
    } else if (strcmp(option, "--name") == 0) {
        line->name = value;
    } else {
        return add_setting(line, value);
    }
    return 0;
}

static bool
has_value(const char *argument)
{
    return strcmp(argument, "--config") == 0 || strcmp(argument, "--name") == 0 ||
           strcmp(argument, "--set") == 0;
}

static int
take_word(struct command_line *line, const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        line->verb = "help";
    } else if (strcmp(word, "--update") == 0) {
        line->is_update = true;
    } else if (strcmp(word, "--purge") == 0) {
        line->is_purge = true;
    } else if (strcmp(word, "--json") == 0) {
        line->is_json = true;
    } else if (line->verb == NULL) {
        line->verb = word;
    } else if (line->argument == NULL && word[0] != '-') {
        line->argument = word;
    } else {
        return command_line_fail("unknown argument ", word);
    }
    return 0;
}

int
command_line_parse(int count, char **arguments, struct command_line *out)
{
    int exit_code = 0;

    *out = (struct command_line){.name = "Hubplane"};
    for (int i = 1; i < count && exit_code == 0; i++) {
        if (has_value(arguments[i])) {
            const char *option = arguments[i++];
            exit_code = take_value(out, option, i < count ? arguments[i] : NULL);
        } else {
            exit_code = take_word(out, arguments[i]);
        }
    }
    return exit_code;
}

int
command_line_allow(const struct command_line *line, unsigned int parts)
{
    const struct {
        bool is_there;
        enum command_line_part part;
        const char *name;
    } rows[] = {
        {line->argument != NULL, COMMAND_LINE_ARGUMENT, line->argument},
        {line->setting_count > 0, COMMAND_LINE_SET, "--set"},
        {line->is_update, COMMAND_LINE_UPDATE, "--update"},
        {line->is_purge, COMMAND_LINE_PURGE, "--purge"},
        {line->is_json, COMMAND_LINE_JSON, "--json"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is_there && (parts & rows[i].part) == 0) {
            fprintf(stderr,
                    "hubplane-service: %s does not take %s; \"hubplane-service help\" says more\n",
                    line->verb, rows[i].name);
            return NODE_EXIT_CONFIGURATION;
        }
    }
    return 0;
}
