import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.qmpkit.helper.Setting;

/**
 * Writes what a package has of texts, by what the program says of itself: man pages, completions for
 * bash, zsh and fish, and a configuration file in which everything is a comment. Run by dist/deb/build.
 *
 * <p>Arguments: the program, the folder to write to, the date of the pages, the version.
 */
final class Texts {
  private static final Pattern FLAG = Pattern.compile("--[a-z][a-z-]+");

  private final String program;
  private final Path folder;
  private final String date;
  private final String version;
  private final Map<String, String> summaries = new LinkedHashMap<>();
  private final Map<String, String> helps = new LinkedHashMap<>();
  private final Map<String, Set<String>> flags = new LinkedHashMap<>();

  private Texts(String program, Path folder, String date, String version) {
    this.program = program;
    this.folder = folder;
    this.date = date;
    this.version = version;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Texts texts = new Texts(arguments[0], Path.of(arguments[1]), arguments[2], arguments[3]);
    texts.ask();
    texts.pages();
    texts.completions();
    texts.configuration();
  }

  private String said(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed: " + text);
    }
    return text;
  }

  private void ask() throws IOException, InterruptedException {
    Pattern tool = Pattern.compile("^  ([a-z-]+) +(\\S.*)$");
    for (String line : said("help").lines().toList()) {
      var found = tool.matcher(line);
      if (found.matches() && !found.group(1).equals("qmp")) {
        summaries.put(found.group(1), found.group(2));
        helps.put(found.group(1), said(found.group(1), "--help"));
        flags.put(found.group(1), taken(found.group(1)));
      }
    }
  }

  /** The flags that a tool takes: it lists them where it is given one that it does not. */
  private Set<String> taken(String tool) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program, tool, "--no-such-flag").redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 2) {
      throw new IOException(tool + " takes --no-such-flag: " + text);
    }
    int list = text.indexOf("; there are ");
    Set<String> flags =
        FLAG.matcher(list < 0 ? "" : text.substring(list).lines().findFirst().orElse(""))
            .results()
            .map(MatchResult::group)
            .collect(Collectors.toCollection(TreeSet::new));
    for (String flag : flags) {
      if (!flag.equals("--help") && !helps.get(tool).contains(flag)) {
        throw new IOException("the help of " + tool + " does not tell of " + flag);
      }
    }
    flags.add("--help");
    return flags;
  }

  private void write(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  // ---- man pages

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^([.'])", "\\\\&$1");
  }

  private String page(String name, String summary, String text) {
    return ".TH "
        + name.toUpperCase(Locale.ROOT)
        + " 1 "
        + date
        + " \"qmpkit "
        + version
        + "\"\n.SH NAME\n"
        + escaped(name)
        + " \\- "
        + escaped(summary)
        + "\n.SH DESCRIPTION\n.nf\n"
        + escaped(text)
        + ".fi\n.SH SEE ALSO\n.BR qmp (1),\n/usr/share/doc/qmpkit\n";
  }

  private void pages() throws IOException, InterruptedException {
    write("usr/share/man/man1/qmp.1", page("qmp", "QEMU's monitor, shared", said("help")));
    for (Map.Entry<String, String> tool : helps.entrySet()) {
      String name =
          tool.getKey().equals("vchan-socket-proxy") ? tool.getKey() : "qmp-" + tool.getKey();
      write(
          "usr/share/man/man1/" + name + ".1",
          page(name, summaries.get(tool.getKey()), tool.getValue()));
    }
  }

  // ---- completions

  private void completions() throws IOException {
    String tools = String.join(" ", helps.keySet()) + " help";
    StringBuilder bash =
        new StringBuilder("# Completion of qmp for bash.\n_qmp() {\n")
            .append("  local word=${COMP_WORDS[COMP_CWORD]} words\n")
            .append("  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words=\"" + tools + "\"\n")
            .append("  else\n    case ${COMP_WORDS[1]} in\n");
    StringBuilder zsh =
        new StringBuilder("#compdef qmp\n# Completion of qmp for zsh.\nlocal -a tools\ntools=(\n");
    StringBuilder fish = new StringBuilder("# Completion of qmp for fish.\n");
    summaries.forEach((tool, summary) -> {
      zsh.append("  '" + tool + ":" + summary.replace("'", "'\\''") + "'\n");
      fish.append(
          "complete -c qmp -n __fish_use_subcommand -a "
              + tool
              + " -d '"
              + summary.replace("'", "\\'")
              + "'\n");
    });
    zsh.append(")\nif (( CURRENT == 2 )); then\n  _describe tool tools\n  return\nfi\n")
        .append("case $words[2] in\n");
    for (String tool : helps.keySet()) {
      String words = String.join(" ", flags.get(tool));
      bash.append("      " + tool + ") words=\"" + words + "\" ;;\n");
      zsh.append("  " + tool + ") compadd -- " + words + " ;;\n");
      for (String flag : flags.get(tool)) {
        fish.append(
            "complete -c qmp -n '__fish_seen_subcommand_from "
                + tool
                + "' -l "
                + flag.substring(2)
                + "\n");
      }
    }
    String named = "shell|exec|events|health|top|doctor";
    String names = "qmp list --output names 2>/dev/null";
    fish.append(
        "complete -c qmp -n '__fish_seen_subcommand_from "
            + named.replace('|', ' ')
            + "' -a '("
            + names
            + ")'\n");
    bash.append("      help) words=\"" + String.join(" ", helps.keySet()) + "\" ;;\n")
        .append("    esac\n  fi\n")
        // Where an address stands. compgen would split and expand what is no plain word.
        .append("  case $COMP_CWORD:${COMP_WORDS[1]}:$word in\n")
        .append("    2:*:[-/.]*) ;;\n")
        .append("    2:" + named.replace("|", ":*|2:") + ":*) words=\"$words $(" + names)
        .append(" | grep -xE '[A-Za-z0-9._+-]+')\" ;;\n  esac\n")
        .append("  case $word in\n    [/.]*) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n")
        .append("    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n  esac\n}\n")
        .append("complete -o filenames -F _qmp qmp\n");
    zsh.append("esac\nif (( CURRENT == 3 )) && [[ $words[2] == (" + named + ") ]]; then\n")
        .append("  compadd -- ${(f)\"$(" + names + ")\"}\nfi\n_files\n");
    write("usr/share/bash-completion/completions/qmp", bash.toString());
    write("usr/share/zsh/vendor-completions/_qmp", zsh.toString());
    write("usr/share/fish/vendor_completions.d/qmp.fish", fish.toString());
  }

  // ---- configuration

  private void configuration() throws IOException {
    StringBuilder text =
        new StringBuilder(
            """
            # Of qmpkit.service. Everything here is a comment: give it routes, then
            #   systemctl enable --now qmpkit
            # and after a change: systemctl reload qmpkit. What each key means in full:
            # /usr/share/doc/qmpkit/cli.md

            #[[route]]
            #listen = "unix:/run/qmp/vm1.qmp,mode=0660,group=qmpkit"
            #connect = "unix:/run/vm1/monitor.sock"

            """);
    // Routes have these, or the whole host, which has a unit of its own.
    Set<Setting> elsewhere =
        Set.of(
            Setting.LISTEN,
            Setting.CONNECT,
            Setting.NAME,
            Setting.ROUTE,
            Setting.ALL,
            Setting.TRANSPORT,
            Setting.CONTROL,
            Setting.XEN_RUN_DIR,
            Setting.CONFIG);
    // Keys behind a table would be the table's, so these come before the routes.
    StringBuilder keys = new StringBuilder();
    for (Setting setting : Setting.values()) {
      if (!elsewhere.contains(setting)) {
        String value =
            setting.value().isEmpty()
                ? "false"
                : setting == Setting.METRICS ? "\"tcp:127.0.0.1:9944\"" : setting.isLimit() && setting.usual().matches("\\d+")
                    ? setting.usual()
                    : "\"" + setting.usual() + "\"";
        keys.append("# " + setting.help() + "\n#" + setting.key() + " = " + value + "\n");
      }
    }
    int routes = text.indexOf("#[[route]]");
    write("etc/qmpkit/helper.toml", text.insert(routes, keys + "\n").toString());
  }
}
