package org.qmpkit.protocol;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The descriptors of one client: those that wait for a command, and those that QEMU has. */
final class Holdings {
  /** Its commands with descriptors that may wait for their answer before its input is read. */
  private static final int COMMANDS = 2;

  /** What is remembered of one client; past it, the oldest is forgotten. */
  private static final int MOST = 256;

  /** A descriptor that the client added to a set, by QEMU's numbers in their text. */
  record Added(String set, String descriptor) {}

  private final LinkedHashSet<String> names = new LinkedHashSet<>();
  private final LinkedHashSet<Added> added = new LinkedHashSet<>();
  private final ArrayDeque<Request> asked = new ArrayDeque<>();
  private @Nullable Attachment brought;

  /** Descriptors came; those that came before and found no command are closed. */
  void bring(Attachment attachment) {
    Attachment before = take();
    if (before != null) {
      before.close();
    }
    brought = attachment;
  }

  /** What came last and is the caller's from here on, or null. */
  @Nullable Attachment take() {
    Attachment taken = brought;
    brought = null;
    return taken;
  }

  /** A command of the client goes with descriptors. */
  void ask(Request request) {
    asked.add(request);
  }

  /** Whether so many of its commands with descriptors wait that no more are to be read. */
  boolean full() {
    return waiting().size() >= COMMANDS;
  }

  /** Whether a command of its with descriptors waits for its answer. */
  boolean asks() {
    return !waiting().isEmpty();
  }

  private ArrayDeque<Request> waiting() {
    asked.removeIf(Request::answered);
    return asked;
  }

  /** Whether QEMU has a descriptor of the client by this name, or is to get one. */
  boolean holds(String name) {
    return names.contains(name) || waiting().stream().anyMatch(each -> name.equals(each.fdname()));
  }

  void add(String name) {
    names.remove(name);
    names.add(name);
    if (names.size() > MOST) {
      names.removeFirst();
    }
  }

  void remove(String name) {
    names.remove(name);
  }

  void add(Added each) {
    added.add(each);
    if (added.size() > MOST) {
      added.removeFirst();
    }
  }

  /** One of a set was removed, or the whole of it. */
  void remove(String set, @Nullable String descriptor) {
    added.removeIf(each ->
        each.set().equals(set) && (descriptor == null || each.descriptor().equals(descriptor)));
  }

  /** Forgets the names that QEMU has, and tells them. */
  List<String> takeNames() {
    List<String> all = List.copyOf(names);
    names.clear();
    return all;
  }

  /** Forgets what was added to sets, and tells it. */
  List<Added> takeAdded() {
    List<Added> all = List.copyOf(added);
    added.clear();
    return all;
  }

  /** Closes what waits for a command. */
  void drop() {
    Attachment left = take();
    if (left != null) {
      left.close();
    }
    asked.clear();
  }
}
