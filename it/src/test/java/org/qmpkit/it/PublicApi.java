package org.qmpkit.it;

import static java.util.stream.Collectors.joining;

import com.sun.source.util.JavacTask;
import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.ModuleElement.ExportsDirective;
import javax.lang.model.element.ModuleElement.RequiresDirective;
import javax.lang.model.element.PackageElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.TypeParameterElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The public API of a compiled module as lines of text: what it requires of whoever requires it,
 * and of each package that it exports to all the types and members that are public or protected.
 *
 * <p>Read from class files by the compiler, so nullness, thrown exceptions, permitted subclasses
 * and the values of constants are in it; names of parameters, bodies and order in the source are
 * not. Types are sorted, and so are the members of each.
 */
final class PublicApi {
  private final Elements elements;
  private final List<String> lines = new ArrayList<>();

  /** Of the package that is listed: its types are named without it. */
  private String prefix = "";

  private PublicApi(Elements elements) {
    this.elements = elements;
  }

  /**
   * The API of a module, which ends in a line feed. Blocks to read it.
   *
   * @param name the module's name
   * @param path where it and all it requires is: jars, folders of jars, folders of classes
   * @throws IOException if what is there can't be read
   * @throws IllegalArgumentException if there is no such module
   */
  static String of(String name, List<Path> path) throws IOException {
    // The compiler has an empty module for one that it does not find.
    if (ModuleFinder.of(path.toArray(Path[]::new)).find(name).isEmpty()) {
      throw new IllegalArgumentException("there is no module " + name + " in " + path);
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String modulePath = path.stream().map(Path::toString).collect(joining(File.pathSeparator));
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("--module-path", modulePath, "--add-modules", name, "-proc:none");
      JavacTask task = (JavacTask) compiler.getTask(null, files, null, options, null, List.of());
      PublicApi api = new PublicApi(task.getElements());
      api.module(
          Objects.requireNonNull(api.elements.getModuleElement(name), () -> "no module " + name));
      return String.join("\n", api.lines) + "\n";
    }
  }

  private void module(ModuleElement module) {
    lines.add("module " + module.getQualifiedName());
    ElementFilter.requiresIn(module.getDirectives()).stream()
        .filter(RequiresDirective::isTransitive)
        .map(requires -> "requires transitive " + requires.getDependency().getQualifiedName())
        .sorted()
        .forEach(lines::add);
    ElementFilter.exportsIn(module.getDirectives()).stream()
        .filter(exports -> exports.getTargetModules() == null)
        .map(ExportsDirective::getPackage)
        .sorted(Comparator.comparing(each -> each.getQualifiedName().toString()))
        .forEach(this::exported);
  }

  private void exported(PackageElement exported) {
    lines.add("");
    lines.add("package " + exported.getQualifiedName());
    prefix = exported.getQualifiedName() + ".";
    types(exported, "");
  }

  private void types(Element within, String outer) {
    ElementFilter.typesIn(within.getEnclosedElements()).stream()
        .filter(PublicApi::isPublic)
        .sorted(Comparator.comparing(each -> each.getSimpleName().toString()))
        .forEach(each -> type(each, outer));
  }

  private void type(TypeElement type, String outer) {
    String name = outer + type.getSimpleName();
    lines.add("");
    lines.add(
        modifiers(type)
            + keyword(type)
            + " "
            + name
            + parameters(type.getTypeParameters())
            + components(type)
            + supertypes(type));
    type.getEnclosedElements().stream()
        .filter(PublicApi::isPublic)
        .filter(member -> !isImplied(member, type))
        .flatMap(member -> member(member).stream())
        .sorted()
        .forEach(line -> lines.add("  " + line));
    types(type, name + ".");
  }

  private static boolean isPublic(Element element) {
    return element.getModifiers().contains(Modifier.PUBLIC)
        || element.getModifiers().contains(Modifier.PROTECTED);
  }

  /** What every record, enum or object has. */
  private static boolean isImplied(Element member, TypeElement type) {
    return switch (member.toString()) {
      case "equals(java.lang.Object)", "hashCode()", "toString()" -> true;
      case "values()", "valueOf(java.lang.String)" -> type.getKind() == ElementKind.ENUM;
      default -> member.getKind() == ElementKind.RECORD_COMPONENT;
    };
  }

  private static String keyword(TypeElement type) {
    return switch (type.getKind()) {
      case ANNOTATION_TYPE -> "@interface";
      case INTERFACE -> "interface";
      case ENUM -> "enum";
      case RECORD -> "record";
      default -> "class";
    };
  }

  private String components(TypeElement type) {
    return type.getKind() == ElementKind.RECORD
        ? type.getRecordComponents().stream()
            .map(each -> text(each.asType()) + " " + each.getSimpleName())
            .collect(joining(", ", "(", ")"))
        : "";
  }

  private String supertypes(TypeElement type) {
    TypeMirror above = type.getSuperclass();
    boolean implied =
        above.getKind() == TypeKind.NONE
            || above.toString().equals("java.lang.Object")
            || type.getKind() == ElementKind.ENUM
            || type.getKind() == ElementKind.RECORD;
    if (type.getKind() == ElementKind.ANNOTATION_TYPE) {
      return "";
    }
    return (implied ? "" : " extends " + text(above))
        + list(" implements ", type.getInterfaces())
        + list(" permits ", type.getPermittedSubclasses().stream().filter(this::isSeen).toList());
  }

  /**
   * Whether a permitted subclass is public itself; how many others there are is nobody's concern.
   */
  private boolean isSeen(TypeMirror permitted) {
    TypeElement type = elements.getTypeElement(permitted.toString().replaceAll("<.*", ""));
    return type != null && isPublic(type);
  }

  private Optional<String> member(Element member) {
    return switch (member) {
      case ExecutableElement executable -> Optional.of(executable(executable));
      case VariableElement field ->
          Optional.of(
              field.getKind() == ElementKind.ENUM_CONSTANT
                  ? field.getSimpleName().toString()
                  : modifiers(field)
                      + text(field.asType())
                      + " "
                      + field.getSimpleName()
                      + value(field));
      default -> Optional.empty();
    };
  }

  private static String value(VariableElement field) {
    Object value = field.getConstantValue();
    return value == null ? "" : " = " + (value instanceof String ? "\"" + value + "\"" : value);
  }

  private String executable(ExecutableElement executable) {
    boolean constructor = executable.getKind() == ElementKind.CONSTRUCTOR;
    String called =
        constructor
            ? within(executable).getSimpleName().toString()
            : text(executable.getReturnType()) + " " + executable.getSimpleName();
    String types = parameters(executable.getTypeParameters());
    List<? extends VariableElement> parameters = executable.getParameters();
    String taken =
        parameters.stream()
            .map(VariableElement::asType)
            .map(this::text)
            .collect(joining(", ", "(", ")"));
    return modifiers(executable)
        + (types.isEmpty() ? "" : types + " ")
        + called
        + (executable.isVarArgs() ? taken.replaceAll("\\[\\]\\)$", "...)") : taken)
        + list(" throws ", executable.getThrownTypes())
        + (executable.getDefaultValue() == null ? "" : " default " + executable.getDefaultValue());
  }

  private static Element within(Element element) {
    return Objects.requireNonNull(element.getEnclosingElement(), "a type is in a package");
  }

  private String parameters(List<? extends TypeParameterElement> parameters) {
    return parameters.isEmpty()
        ? ""
        : parameters.stream()
            .map(each -> each.getSimpleName() + bounds(each))
            .collect(joining(", ", "<", ">"));
  }

  private String bounds(TypeParameterElement parameter) {
    String bounds = parameter.getBounds().stream().map(this::text).collect(joining(" & "));
    return bounds.equals("Object") ? "" : " extends " + bounds;
  }

  /** In the order of the language's specification, without those that the kind of type implies. */
  private static String modifiers(Element element) {
    boolean inInterface = within(element).getKind().isInterface();
    boolean isType = element.getKind().isClass() || element.getKind().isInterface();
    boolean isClass = element.getKind() == ElementKind.CLASS;
    return element.getModifiers().stream()
        .sorted()
        .filter(each ->
            switch (each) {
              case PUBLIC -> !inInterface;
              case ABSTRACT -> isType ? isClass : !inInterface;
              case STATIC -> isType ? isClass && !inInterface : !isField(element) || !inInterface;
              case FINAL -> isType ? isClass : !isField(element) || !inInterface;
              case NATIVE, STRICTFP, SYNCHRONIZED, TRANSIENT, VOLATILE -> false;
              default -> true;
            })
        .map(each -> each + " ")
        .collect(joining());
  }

  private static boolean isField(Element element) {
    return element.getKind().isField();
  }

  private String list(String before, List<? extends TypeMirror> types) {
    return types.isEmpty()
        ? ""
        : types.stream().map(this::text).sorted().collect(joining(", ", before, ""));
  }

  /** A type with its annotations; what everybody knows is named without its package. */
  private String text(TypeMirror type) {
    return type.toString()
        .replaceAll("(?<![\\w.])" + Pattern.quote(prefix), "")
        .replaceAll("org\\.jspecify\\.annotations\\.", "")
        .replaceAll("java\\.lang\\.(?=@?[A-Z])", "");
  }
}
