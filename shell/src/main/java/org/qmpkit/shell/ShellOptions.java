package org.qmpkit.shell;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/**
 * How a shell behaves.
 *
 * @param address where the monitor is
 * @param hmp whether lines are commands of the human monitor ({@code -H})
 * @param negotiates false for a guest agent ({@code -N})
 * @param verbose whether requests are printed, too ({@code -v})
 * @param format how answers are printed
 * @param log where requests and answers are logged ({@code -l}); null for nowhere
 * @param recording where all that goes over the wire is recorded ({@code --record}); null for
 *     nowhere
 * @param lines what to execute in the place of what is typed ({@code --execute}); empty for nothing
 * @param script a file of lines in the place of what is typed ({@code --script}); null for none
 * @param stopsOnError whether the first line that fails ends a script, with its status ({@code -e})
 * @param timeout how long an answer may take
 * @param pages whether what does not fit the screen goes through a pager
 * @param book reads the addresses of other monitors ({@code connect})
 */
public record ShellOptions(
    Address address,
    boolean hmp,
    boolean negotiates,
    boolean verbose,
    Format format,
    @Nullable Path log,
    @Nullable Path recording,
    List<String> lines,
    @Nullable Path script,
    boolean stopsOnError,
    Duration timeout,
    boolean pages,
    AddressBook book) {
  public ShellOptions {
    lines = List.copyOf(lines);
  }
}
