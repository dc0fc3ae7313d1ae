package org.qmpkit.helper;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Xenstore;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The stub domains of this Xen host, as they come and go.
 *
 * <p>One is found by two words in xenstore that only dom0 can write, and that must agree: its own
 * {@code target} names the guest, and the guest's {@code image/device-model-domid} names it. What
 * lies below a stub domain's other nodes is its own word, and not looked at. All on the loop's
 * thread; nothing blocks.
 */
final class StubDomains implements AutoCloseable {
  /** Who hears of them, on the loop's thread. */
  interface Heard {
    void found(int guest, int stubDomain);

    /**
     * One that was found is no more.
     *
     * @param why in a few words
     */
    void gone(int guest, int stubDomain, String why);

    /** Domains have come or gone; which of them are stub domains is told separately. */
    void changed();
  }

  /** DOMID_FIRST_RESERVED. */
  private static final int DOMIDS = 0x7FF0;

  private static final int NONE = -1;
  private static final String FOLDER = "/local/domain";

  /** Any domain of this host but the first, and what is known of it. */
  private static final class Domain {
    final int id;
    int target = NONE;

    /** The guest that it is the stub domain of, as was told; or none. */
    int told = NONE;

    Xenstore.@Nullable Watch watch;
    Xenstore.@Nullable Watch other;
    boolean looking;
    boolean again;

    Domain(int id) {
      this.id = id;
    }
  }

  /**
   * What a look at a domain said.
   *
   * @param objection why it is nobody's stub domain; empty if it is
   */
  private record Said(int guest, String objection) {}

  private final Xenstore xenstore;
  private final Log log;
  private final Heard heard;
  private final Map<Integer, Domain> domains = new TreeMap<>();
  private final List<Xenstore.Watch> watches;
  private boolean listing;
  private boolean listAgain;

  /** Whether a domain has ended since the last list: any could be that. */
  private boolean released;

  private String noted = "";

  /** Begins to look; whoever hears of it is called in later turns of the loop. */
  StubDomains(Xenstore xenstore, Log log, Heard heard) {
    this.xenstore = xenstore;
    this.log = log;
    this.heard = heard;
    this.watches =
        List.of(
            xenstore.watch("@introduceDomain", path -> list()),
            xenstore.watch(
                "@releaseDomain",
                path -> {
                  released = true;
                  list();
                }));
  }

  private void list() {
    if (listing) {
      listAgain = true;
      return;
    }
    listing = true;
    boolean ended = released;
    released = false;
    var _ =
        xenstore
            .list(FOLDER)
            .whenComplete((names, why) -> {
              listing = false;
              if (why == null) {
                noted = "";
                listed(names, ended);
              } else {
                // The watches fire when xenstored is there again.
                note(Xenstore.reason(why));
              }
              if (listAgain) {
                listAgain = false;
                list();
              }
            });
  }

  private void note(String why) {
    Severity severity = why.equals(noted) ? Severity.DEBUG : Severity.WARNING;
    log.write(severity, "", "", "cannot look for stub domains: " + why);
    noted = why;
  }

  private void listed(List<String> names, boolean ended) {
    List<Integer> there = names.stream().map(StubDomains::number).filter(id -> id > 0).toList();
    List<Domain> known = List.copyOf(domains.values());
    for (int id : there) {
      if (!domains.containsKey(id)) {
        Domain made = new Domain(id);
        domains.put(id, made);
        // Fires once when it is set.
        made.watch = xenstore.watch(target(id), path -> look(made));
      }
    }
    for (Domain each : known) {
      if (!there.contains(each.id)) {
        domains.remove(each.id);
        unwatch(each);
        tell(each, new Said(NONE, ended(each.id)));
      } else if (ended && each.target != NONE) {
        look(each);
      }
    }
    heard.changed();
  }

  private static String target(int id) {
    return FOLDER + "/" + id + "/target";
  }

  private static String model(int guest) {
    return FOLDER + "/" + guest + "/image/device-model-domid";
  }

  private static String ended(int id) {
    return "domain " + id + " has ended";
  }

  /** The number of a domain, or {@link #NONE}. */
  private static int number(String text) {
    int id = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : NONE;
    return id < DOMIDS ? id : NONE;
  }

  private static void unwatch(Domain domain) {
    for (Xenstore.Watch watch : new Xenstore.@Nullable Watch[] {domain.watch, domain.other}) {
      if (watch != null) {
        watch.close();
      }
    }
  }

  // ---- one domain

  private void look(Domain domain) {
    if (domain.looking) {
      domain.again = true;
      return;
    }
    domain.looking = true;
    var _ =
        said(domain)
            .whenComplete((said, why) -> {
              domain.looking = false;
              if (domain.equals(domains.get(domain.id))) {
                if (why == null) {
                  tell(domain, said);
                }
                if (domain.again) {
                  domain.again = false;
                  look(domain);
                }
              }
            });
  }

  private CompletableFuture<Said> said(Domain domain) {
    return xenstore
        .read(target(domain.id))
        .thenCompose(text -> {
          int guest = text.map(StubDomains::number).orElse(NONE);
          aim(domain, guest == domain.id ? NONE : guest);
          return domain.target == NONE
              ? CompletableFuture.completedFuture(disagree(domain.id))
              : answered(domain.id, domain.target);
        });
  }

  private CompletableFuture<Said> answered(int id, int guest) {
    return xenstore
        .read(model(guest))
        .thenCompose(text ->
            text.map(StubDomains::number).orElse(NONE) == id
                ? xenstore
                    .exists(id)
                    .thenCombine(
                        xenstore.exists(guest), (one, other) -> there(id, one, guest, other))
                : CompletableFuture.completedFuture(disagree(id)));
  }

  private static Said disagree(int id) {
    return new Said(NONE, "domain " + id + " is no stub domain any more");
  }

  private static Said there(int id, boolean one, int guest, boolean other) {
    return new Said(guest, !one ? ended(id) : !other ? ended(guest) : "");
  }

  /** Watches what the guest says of who runs its QEMU. */
  private void aim(Domain domain, int guest) {
    if (guest == domain.target || !domain.equals(domains.get(domain.id))) {
      return;
    }
    if (domain.other != null) {
      domain.other.close();
      domain.other = null;
    }
    domain.target = guest;
    if (guest != NONE) {
      domain.other = xenstore.watch(model(guest), path -> look(domain));
    }
  }

  private void tell(Domain domain, Said said) {
    int guest = said.objection().isEmpty() ? said.guest() : NONE;
    int before = domain.told;
    if (guest == before) {
      return;
    }
    domain.told = guest;
    if (before != NONE) {
      heard.gone(before, domain.id, guest == NONE ? said.objection() : "it is another guest's now");
    }
    if (guest != NONE) {
      heard.found(guest, domain.id);
    }
  }

  @Override
  public void close() {
    watches.forEach(Xenstore.Watch::close);
    domains.values().forEach(StubDomains::unwatch);
    domains.clear();
  }
}
