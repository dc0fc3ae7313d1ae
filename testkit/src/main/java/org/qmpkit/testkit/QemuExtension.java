package org.qmpkit.testkit;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;

/** What {@link WithQemu} stands for. Stores close what is in them, the youngest first. */
final class QemuExtension
    implements ExecutionCondition,
        ParameterResolver,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {
  private static final Namespace NAMESPACE = Namespace.create(QemuExtension.class);

  private static final List<Class<? extends Annotation>> LIFECYCLE =
      List.of(BeforeAll.class, BeforeEach.class, AfterEach.class, AfterAll.class);

  /**
   * A QEMU that is wanted, and for how long.
   *
   * @param life the context whose end is its end
   * @param key which it is, of those of that life
   */
  private record Wanted(WithQemu how, ExtensionContext life, Object key) {
    Store store() {
      return life.getStore(NAMESPACE);
    }

    Served served() {
      // Of this life alone: a store gives what its parents have, too.
      return store().computeIfAbsent(List.of(key, life.getUniqueId()), _ -> start(), Served.class);
    }

    private Served start() {
      Served started;
      try {
        started =
            how.recording().isEmpty() ? real() : new Served.Recorded(FakeQemu.from(recording()));
      } catch (IOException | IllegalStateException e) {
        throw new ParameterResolutionException(
            "cannot start QEMU for " + life.getDisplayName() + ": " + e.getMessage(), e);
      }
      store()
          .computeIfAbsent(Started.key(life), _ -> new Started(), Started.class)
          .all
          .add(started);
      return started;
    }

    private Served real() throws IOException {
      List<String> arguments = new ArrayList<>(List.of(how.args()));
      if (!how.machine().equals("none")) {
        arguments.addAll(0, List.of("-M", how.machine()));
      }
      return new Served.Real(RealQemu.start(QemuProgram.named(how.binary()), arguments));
    }

    private Path recording() throws IOException {
      Path file = Path.of(how.recording());
      if (Files.exists(file)) {
        return file;
      }
      Class<?> tests = life.getRequiredTestClass();
      URL resource = tests.getResource(how.recording());
      if (resource == null || !resource.getProtocol().equals("file")) {
        throw new NoSuchFileException(
            "there is no recording "
                + how.recording()
                + ", neither as a file in "
                + Path.of("").toAbsolutePath()
                + " nor as a resource beside "
                + tests.getName());
      }
      return Path.of(URI.create(resource.toString()));
    }
  }

  /** The QEMUs of one life, to be told of when a test fails. */
  static final class Started {
    final List<Served> all = new CopyOnWriteArrayList<>();

    static Object key(ExtensionContext life) {
      return List.of(Started.class, life.getUniqueId());
    }
  }

  /** What a QEMU has to say of a failure. */
  static final class Report extends Exception {
    private static final long serialVersionUID = 1;

    private Report(Served served) {
      super(served.report(), null, false, false);
    }
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return context
        .getElement()
        .flatMap(element ->
            annotations(element)
                .filter(
                    each -> each.missing() == WithQemu.Missing.SKIP && each.recording().isEmpty())
                .map(each -> QemuProgram.named(each.binary()))
                .filter(each -> !each.isInstalled())
                .findFirst())
        .map(absent -> ConditionEvaluationResult.disabled(absent.missing()))
        .orElseGet(() -> ConditionEvaluationResult.enabled("no QEMU is missing"));
  }

  /**
   * Those of a test and its parameters, or of a class and the parameters that all its tests need.
   */
  private static Stream<WithQemu> annotations(AnnotatedElement element) {
    Stream<? extends Executable> called =
        switch (element) {
          case Executable test -> Stream.of(test);
          case Class<?> tests ->
              Stream.concat(
                  Arrays.stream(tests.getDeclaredConstructors()),
                  LIFECYCLE.stream()
                      .flatMap(each ->
                          AnnotationSupport.findAnnotatedMethods(
                              tests, each, HierarchyTraversalMode.TOP_DOWN)
                              .stream()));
          default -> Stream.of();
        };
    return Stream.concat(
            Stream.of(element), called.flatMap(each -> Arrays.stream(each.getParameters())))
        .flatMap(each -> AnnotationSupport.findAnnotation(each, WithQemu.class).stream());
  }

  /** What a constructor is given lives as long as the object: a test, or a class of them. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.isAnnotated(WithQemu.class)
        || (MonitorType.of(parameter.getParameter().getType()).isPresent()
            && wanted(parameter, context).isPresent());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    MonitorType known =
        MonitorType.of(type)
            .orElseThrow(() ->
                new ParameterResolutionException(
                    "@WithQemu gives a RealQemu, a FakeQemu, an Address, or what has a static method"
                        + " connect(Address), connect(String) or connect(Path); "
                        + type.getName()
                        + " is none of these"));
    Served served = wanted(parameter, context).orElseThrow().served();
    Object given = known.of(served);
    if (given instanceof AutoCloseable closeable && !given.equals(served.by())) {
      context.getStore(NAMESPACE).put(new Object(), closeable);
    }
    return given;
  }

  private static Optional<Wanted> wanted(ParameterContext parameter, ExtensionContext context) {
    Optional<WithQemu> own = parameter.findAnnotation(WithQemu.class);
    if (own.isPresent()) {
      return Optional.of(new Wanted(own.get(), context, parameter.getParameter()));
    }
    for (ExtensionContext each = context; each != null; each = each.getParent().orElse(null)) {
      Optional<WithQemu> here = each.getElement().flatMap(QemuExtension::annotation);
      if (here.isPresent()) {
        return Optional.of(new Wanted(here.get(), each, WithQemu.class));
      }
    }
    return Optional.empty();
  }

  private static Optional<WithQemu> annotation(AnnotatedElement element) {
    return AnnotationSupport.findAnnotation(element, WithQemu.class);
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw reported(context, failure);
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw reported(context, failure);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw reported(context, failure);
  }

  @Override
  public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw reported(context, failure);
  }

  @Override
  public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw reported(context, failure);
  }

  private static Throwable reported(ExtensionContext context, Throwable failure) {
    if (Arrays.stream(failure.getSuppressed()).anyMatch(Report.class::isInstance)) {
      return failure;
    }
    for (ExtensionContext each = context; each != null; each = each.getParent().orElse(null)) {
      Started started = each.getStore(NAMESPACE).get(Started.key(each), Started.class);
      if (started != null) {
        started.all.forEach(served -> failure.addSuppressed(new Report(served)));
      }
    }
    return failure;
  }
}
