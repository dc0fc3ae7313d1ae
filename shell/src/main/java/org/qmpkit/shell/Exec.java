package org.qmpkit.shell;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpCommand;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.net.Address;

/** One command for scripts ({@code qmp exec}): prints the value of {@code return}. */
public final class Exec {
  private Exec() {}

  /**
   * Executes a command; blocks.
   *
   * @param words the command and its {@code key=value}s, or a request in JSON
   * @param timeout how long all of it may take; null for as long as it takes
   * @param colours whether standard output is a terminal that has them
   * @return an {@link ExitStatus}
   * @throws LineException if the words are no command
   */
  public static int run(
      Address address,
      List<String> words,
      Format format,
      @Nullable Duration timeout,
      boolean colours,
      PrintStream out,
      PrintStream err)
      throws LineException {
    Request request = request(words);
    Deadline deadline = new Deadline(timeout);
    try (QmpClient client = QmpClient.connect(address, options(deadline))) {
      QmpCommand command = request.command().within(deadline.left());
      noteLater(request, err);
      if (format == Format.JSON && !colours) {
        out.println(client.executeText(command));
      } else {
        out.println(format.text(client.execute(command), Palette.of(colours)));
      }
      if (out.checkError()) {
        err.println("qmp exec: cannot write the result to standard output");
        return ExitStatus.UNREACHABLE;
      }
      return ExitStatus.DONE;
    } catch (CommandFailed e) {
      err.println("qmp exec: " + Printable.text(e.errorClass() + ": " + e.desc()));
      return ExitStatus.of(e);
    } catch (QmpException e) {
      err.println("qmp exec: " + e.getMessage());
      return ExitStatus.of(e);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      err.println("qmp exec: " + e.getMessage());
      return ExitStatus.USAGE;
    } catch (InterruptedException e) {
      return ExitStatus.INTERRUPTED;
    }
  }

  private static void noteLater(Request request, PrintStream err) {
    Thread.ofPlatform()
        .daemon()
        .name("qmp note")
        .start(() -> {
          try {
            Thread.sleep(Monitor.PATIENCE);
            err.println("qmp exec: " + Monitor.patience(request));
          } catch (InterruptedException e) {
            // Nobody interrupts it; it ends with the process.
          }
        });
  }

  private static Request request(List<String> words) throws LineException {
    if (words.size() == 1 && words.getFirst().stripLeading().startsWith("{")) {
      return Request.raw(words.getFirst());
    }
    Request request = new LineGrammar().read(new ArrayList<>(words));
    if (request == null) {
      throw new LineException("'" + String.join(" ", words) + "' is no command");
    }
    return request;
  }

  private static QmpOptions options(Deadline deadline) {
    return QmpOptions.DEFAULT.withConnectTimeout(
        deadline.atMost(QmpOptions.DEFAULT.connectTimeout()));
  }
}
