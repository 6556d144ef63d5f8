using System.CommandLine;
using System.Text.RegularExpressions;

namespace Aos.App.Cli;

/// <summary><c>aos skill new</c>: a project for a skill that builds with the .NET SDK alone, and its conformance test.</summary>
internal static partial class SkillTemplate
{
    internal static Command Command()
    {
        var name = new Argument<string>("name") { Description = "Its name: lower-case letters, digits and _." };
        var into = new Option<string?>("--into") { Description = "Folder that the project's folder is made in. Default: here.", HelpName = "DIR" };
        var command = new Command("new", """
            Writes a project for a skill of your own.

            Example:
              aos skill new greet
              dotnet run --project greet/conformance
              dotnet build greet -c Release -o skills/greet
              AOS_SKILLS_FOLDER=skills aos skills
            """) { name, into };
        command.SetAction((parsed, cancel) => WriteAsync(parsed.GetValue(name)!, parsed.GetValue(into) ?? ".", cancel));
        return command;
    }

    private static async Task<int> WriteAsync(string name, string into, CancellationToken cancel)
    {
        if (!Name().IsMatch(name)) return Report.Fail(2, $"'{name}' is no name for a skill: 1 to 64 lower-case letters, digits and _, a letter first.");
        if (Skills.SkillsRoom.IsOwn(name)) return Report.Fail(2, $"{name} is the name of a skill of AOS itself.");
        var folder = Path.Combine(into, name);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) return Report.Fail(2, $"{folder} is there already, and not empty.");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "conformance"));
            foreach (var (file, text) in Files(name, Kit()))
                await PlanFile.WriteAsync(Path.Combine(folder, file), text, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlanFileException)
        {
            return Report.Fail(2, e.Message);
        }

        Console.Out.WriteLine($"""
            {folder}/{Class(name)}.cs is the skill, {folder}/conformance its test.
              dotnet run --project {folder}/conformance
              dotnet build {folder} -c Release -o skills/{name}
              AOS_SKILLS_FOLDER=skills aos skills
            """);
        return 0;
    }

    /// <summary>The assemblies that skills are built against. Where builds of AOS take turns behind a link, the link, so that the next one serves too.</summary>
    private static string Kit()
    {
        var program = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var link = Path.GetFullPath(Path.Combine(program, "..", "..", "aos"));
        if (Directory.Exists(link) && Directory.ResolveLinkTarget(link, returnFinalTarget: true) is { } target && Path.TrimEndingDirectorySeparator(target.FullName) == program) program = link;
        var kit = Path.Combine(program, "kit");
        return Directory.Exists(kit) ? kit : program;
    }

    private static string Class(string name)
    {
        var type = string.Concat(name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
        return type is "Console" or "Task" ? type + "Skill" : type; // What is written means those of .NET.
    }

    private static IEnumerable<(string File, string Text)> Files(string name, string kit)
    {
        var type = Class(name);
        string Filled(string text) => text.Replace("@name@", name, StringComparison.Ordinal).Replace("@Name@", type, StringComparison.Ordinal)
            .Replace("@kit@", System.Security.SecurityElement.Escape(kit), StringComparison.Ordinal);
        yield return ("Directory.Build.props", Filled(Props));
        yield return ("Directory.Build.targets", Targets);
        yield return ($"{name}.csproj", Filled(Project));
        yield return ($"{type}.cs", Filled(Skill));
        yield return (Path.Combine("conformance", "conformance.csproj"), Filled(TestProject));
        yield return (Path.Combine("conformance", "Program.cs"), Filled(Test));
        yield return (".gitignore", "bin/\nobj/\n");
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    private const string Props = """
        <Project>
          <PropertyGroup>
            <!-- The assemblies of AOS. On another machine: dotnet build -p:AosKit=DIR, or the environment variable AosKit. -->
            <AosKit Condition="'$(AosKit)' == ''">@kit@</AosKit>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <InvariantGlobalization>true</InvariantGlobalization>
            <NuGetAudit>false</NuGetAudit>
            <JsonSerializerIsReflectionEnabledByDefault>false</JsonSerializerIsReflectionEnabledByDefault>
          </PropertyGroup>
        </Project>

        """;

    private const string Targets = """
        <Project>
          <Target Name="AosKitIsThere" BeforeTargets="ResolveAssemblyReferences">
            <Error Condition="!Exists('$(AosKit)/Aos.Contracts.dll')" Text="There is no AOS in '$(AosKit)'. Set AosKit to the folder kit beside the program aos: -p:AosKit=DIR." />
          </Target>
        </Project>

        """;

    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <AssemblyName>@name@</AssemblyName>
            <RootNamespace>@Name@Skill</RootNamespace>
            <EnableDefaultCompileItems>false</EnableDefaultCompileItems>
          </PropertyGroup>
          <ItemGroup>
            <Compile Include="*.cs" />
            <FrameworkReference Include="Microsoft.AspNetCore.App" />
            <!-- AOS has these itself: they are not copied. -->
            <Reference Include="$(AosKit)/Aos.Kernel.dll" Private="false" />
            <Reference Include="$(AosKit)/Aos.Contracts.dll" Private="false" />
          </ItemGroup>
        </Project>

        """;

    private const string Skill = """
        using System.ComponentModel;
        using System.ComponentModel.DataAnnotations;
        using System.Text.Json.Serialization;
        using System.Text.Json.Serialization.Metadata;
        using Aos.Contracts;
        using Aos.Kernel;

        namespace @Name@Skill;

        /// <summary>What a plan gives. Attributes become the schema, which is what is checked.</summary>
        public sealed record @Name@In([Description("Whom to greet.")][StringLength(200, MinimumLength = 1)] string Name);

        /// <summary>What later steps read.</summary>
        public sealed record @Name@Out(string Text);

        [JsonSourceGenerationOptions(
            PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true)]
        [JsonSerializable(typeof(@Name@In))]
        [JsonSerializable(typeof(@Name@Out))]
        internal sealed partial class @Name@Json : JsonSerializerContext;

        /// <summary>Greets somebody.</summary>
        [Skill("@name@", "0.1.0", "Greets somebody.", Effect = EffectClass.Pure, Stable = ["text"], Tags = ["text"])]
        [FailsWith("INVALID_INPUT", 0.01, "The name has no letter.")]
        public sealed class @Name@ : ISkill<@Name@In, @Name@Out>
        {
            public JsonTypeInfo<@Name@In> Input => @Name@Json.Default.@Name@In;

            public JsonTypeInfo<@Name@Out> Output => @Name@Json.Default.@Name@Out;

            public Task<SkillAnswer<@Name@Out>> InvokeAsync(@Name@In input, SkillCall call, CancellationToken cancel)
            {
                if (!input.Name.Any(char.IsLetter))
                    return Task.FromResult(new SkillAnswer<@Name@Out>(null, FailureCatalog.Fail("INVALID_INPUT", "The name has no letter.")));
                return Task.FromResult(new SkillAnswer<@Name@Out>(new @Name@Out($"Hello, {input.Name}!")));
            }
        }

        """;

    private const string TestProject = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <AssemblyName>@name@.conformance</AssemblyName>
          </PropertyGroup>
          <ItemGroup>
            <FrameworkReference Include="Microsoft.AspNetCore.App" />
            <ProjectReference Include="../@name@.csproj" />
            <Reference Include="$(AosKit)/Aos.Kernel.dll" />
            <Reference Include="$(AosKit)/Aos.Contracts.dll" />
            <Reference Include="$(AosKit)/Aos.Testing.dll" />
          </ItemGroup>
        </Project>

        """;

    private const string Test = """"
        using Aos.Testing;
        using @Name@Skill;

        // Each sample is called in every way in which AOS may call it.
        var report = await SkillConformance.CheckAsync(new @Name@(),
        [
            new SkillSample("""{"name":"World"}"""),
            new SkillSample("""{"name":"123"}""") { Fails = "INVALID_INPUT" },
        ]);
        Console.WriteLine(report);
        return report.Passed ? 0 : 1;

        """";
}
