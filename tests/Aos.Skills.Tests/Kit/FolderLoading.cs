using System.Security.Cryptography;
using Aos.Contracts;
using Microsoft.Extensions.Logging;

namespace Aos.Skills.Tests.Kit;

/// <summary>Skills from a folder.</summary>
[Trait("store", "sqlite")]
public sealed class FolderLoading : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-folder-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    [Trait("id", "F5.65-14")]
    public async Task Each_folder_is_loaded_apart_and_its_skills_are_there()
    {
        Planted.Write(folder, "greet-1", "greet", "1.0.0");
        Planted.Write(folder, "greet-2", "greet", "1.1.0");
        Planted.Write(folder, "part", "part", "0.1.0", takes: [typeof(IEgress), typeof(TimeProvider), typeof(ILogger), typeof(ILoggerFactory), typeof(ILogger<PlantedSkill>)]);
        using var room = Room();

        Assert.Equal(["1.1.0", "1.0.0"], room.Skills.Versions("greet").Select(skill => skill.Contract.Version));
        Assert.Equal("greet", (await room.ValueAsync("greet", """{"name":"x"}""", "text")).GetString());
        Assert.Equal("part something something something something something", (await room.ValueAsync("part", "{}", "text")).GetString());
        Assert.Equal(["name"], room.Skills.Terms["greet"].KnownParams);
        Assert.Equal("INVALID_INPUT", (await room.CallAsync("greet", """{"other":1}""")).Failure!.Code);
        Assert.NotSame(typeof(PlantedSkill).Assembly, Contexts(room).Single());
    }

    [Fact]
    [Trait("id", "F5.65-15")]
    public void Whatever_is_wrong_is_told_all_at_once_with_its_place()
    {
        Planted.Write(folder, "bare", "bare", null);
        Planted.Write(folder, "broken", "Broken-Name", "1.0.0");
        Planted.Write(folder, "unversioned", "unversioned", "1.0");
        Planted.Write(folder, "greedy", "greedy", "1.0.0", takes: [typeof(IServiceProvider)]);
        Planted.Write(folder, "own", "echo", "9.0.0");
        Planted.Write(folder, "one", "twice", "1.0.0");
        Planted.Write(folder, "two", "twice", "1.0.0+again");
        Planted.WriteEmpty(folder, "empty");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "text")).FullName, "text.dll"), "no assembly");
        Directory.CreateDirectory(Path.Combine(folder, "nothing"));
        File.Copy(Planted.Write(folder, "several", "several", "1.0.0"), Path.Combine(folder, "several", "other.dll"));
        File.WriteAllText(Path.Combine(folder, "loose.dll"), "");

        var problems = SkillFolder.Open(folder, null).Problems;

        string[] said =
        [
            "bare: Planted.Skill has no [Skill(name, version, description)]", "broken: The contract of Planted.Skill has a name that is not", "unversioned: The contract of Planted.Skill has the version 1.0",
            "greedy: Planted.Skill asks for IServiceProvider", "own: echo is the name of a skill of AOS itself", "twice 1.0.0 is there more than once", "empty: empty.dll has no skill", "text: cannot be loaded: Bad IL format. It is no assembly of .NET, or not all of one",
            "nothing: holds no assembly", "several: holds 2 assemblies", "loose.dll lies in",
        ];
        Assert.All(said, text => Assert.Single(problems, problem => problem.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(said.Length, problems.Count);
        Assert.All(problems, problem => Assert.StartsWith("AOS_SKILLS_FOLDER: ", problem, StringComparison.Ordinal));
        Assert.Equal(problems, SkillsOptions.Read(name => name == "AOS_SKILLS_FOLDER" ? folder : null, "").Problems);
    }

    [Fact]
    [Trait("id", "F5.65-15")]
    public void A_folder_that_is_not_there_is_a_mistake() =>
        Assert.Contains("there is no folder", Assert.Single(SkillFolder.Open(Path.Combine(folder, "gone"), null).Problems), StringComparison.Ordinal);

    [Fact]
    [Trait("id", "F5.65-29")]
    public void A_skill_that_breaks_as_it_is_built_refuses_the_start()
    {
        Planted.Write(folder, "greet", "greet", "1.0.0");
        var file = Planted.WriteBroken(folder, "broken");
        using var room = Room();

        Assert.Empty(SkillFolder.Open(folder, null).Problems);
        Assert.Equal($"AOS_SKILLS_FOLDER: {file}: broken 1.0.0 cannot be built: NotSupportedException: no licence. Correct it, or take its folder away.", Assert.Throws<SkillsUnusableException>(() => room.Skills).Message);
    }

    [Fact]
    [Trait("id", "F5.65-14")]
    public void The_assembly_whose_libraries_are_listed_is_the_one()
    {
        var file = Planted.Write(folder, "greet", "greet", "1.0.0");
        Planted.WriteEmpty(folder, "library");
        File.Move(Path.Combine(folder, "library", "library.dll"), Path.Combine(folder, "greet", "library.dll"));
        Directory.Delete(Path.Combine(folder, "library"));
        File.WriteAllText(Path.ChangeExtension(file, ".deps.json"), """{"runtimeTarget":{"name":".NETCoreApp,Version=v10.0"},"targets":{".NETCoreApp,Version=v10.0":{}},"libraries":{}}""");

        Assert.Empty(SkillFolder.Open(folder, null).Problems);
        Assert.Equal("greet", Assert.Single(SkillFolder.Open(folder, null).Skills).Name);
    }

    [Fact]
    [Trait("id", "F5.65-16")]
    public void Pins_that_fit_let_the_folder_be()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Planted.Write(folder, "greet", "greet", "1.3.0"))));
        Planted.Write(folder, "part", "part", "0.1.0");
        var file = Path.Combine(folder, "pins.txt");
        File.WriteAllText(file, $"# what may run here\ngreet@1.3.0 sha256:{hash}\n\npart@^0.1 # any patch\n");

        Assert.Empty(SkillFolder.Open(folder, file).Problems);
        Assert.Empty(SkillFolder.Open(folder, $"greet@^1.2 sha256:{hash.ToUpperInvariant()}, part@0.1.0").Problems);
        Assert.Equal([$"greet@1.3.0 sha256:{hash}", "part@0.1.0 sha256:"], new SkillsOptions { Folder = folder }.PinLines().Select((line, i) => i == 0 ? line : line[..18]));
        Assert.Empty(SkillFolder.Open(folder, string.Join(',', new SkillsOptions { Folder = folder }.PinLines())).Problems);
    }

    [Theory]
    [InlineData("greet@1.2.0", "greet 1.3.0 does not fit its pin 1.2.0", "greet@1.2.0 is pinned and not in the skills folder")]
    [InlineData("greet@^2", "greet 1.3.0 does not fit its pin ^2", "greet@^2 is pinned and not in the skills folder")]
    [InlineData("greet@1.3.0 sha256:0000000000000000000000000000000000000000000000000000000000000000", "is not the assembly that was pinned", null)]
    [InlineData("greet@1,other@1", "other@1 is pinned and not in the skills folder", null)]
    [InlineData("other@1", "greet 1.3.0 is in the skills folder and not pinned", "other@1 is pinned")]
    [InlineData("greet@1.3.0 sha256:12", "'greet@1.3.0 sha256:12' is no pin", "greet 1.3.0 is in the skills folder and not pinned")]
    [InlineData("greet@soon", "'greet@soon' is no pin", "greet 1.3.0 is in the skills folder and not pinned")]
    [InlineData("no such file", "no such file", null)]
    [Trait("id", "F5.65-17")]
    public void A_pin_that_does_not_fit_keeps_the_process_from_starting(string pins, string first, string? second)
    {
        Planted.Write(folder, "greet", "greet", "1.3.0");

        var problems = SkillFolder.Open(folder, pins).Problems;

        string[] said = second is null ? [first] : [first, second];
        Assert.All(said, text => Assert.Single(problems, problem => problem.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(said.Length, problems.Count);
        Assert.All(problems, problem => Assert.StartsWith("AOS_SKILL_PINS: ", problem, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.65-17")]
    public void Pins_without_a_folder_are_a_mistake() =>
        Assert.Contains("is pinned and not in the skills folder", Assert.Single(SkillFolder.Open(null, "greet@1").Problems), StringComparison.Ordinal);

    [Fact]
    [Trait("id", "F5.65-18")]
    public void Attributes_come_to_a_contract()
    {
        var contract = ((ISkill<Greet2In, ScriptOut>)new Greet2()).Contract;

        Assert.Null(ContractRules.Problem("greet", contract));
        Assert.Equal(("greet", "2.0.0", "Greets.", EffectClass.Idempotent), (contract.Name, contract.Version, contract.Description, contract.Effect));
        Assert.Equal(["text|who|who|text,new"], [$"{string.Join(',', contract.StableFields)}|{string.Join(',', contract.SecretParams)}|{string.Join(',', contract.FreeParams)}|{string.Join(',', contract.Tags)}"]);
        Assert.Equal((TimeSpan.FromSeconds(5), 7, 0.5m, 0.5m), (contract.TimeoutDefault, contract.TypicalLatencyMs, contract.TypicalCents, contract.Cost.BaseCents));
        Assert.Equal(new FailureMode("INVALID_INPUT", 0.25, "Nobody is there."), Assert.Single(contract.FailureModes));
        Assert.Same(contract, ((ISkill<Greet2In, ScriptOut>)new Greet2()).Contract);
        Assert.Contains("neither a [Skill] attribute", Assert.Throws<InvalidOperationException>(() => SkillAttribute.ContractOf(typeof(string))).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.65-15")]
    public void Names_of_the_programs_own_skills_are_those_it_has()
    {
        using var room = new SkillRoom();

        Assert.Equal(room.Skills.All.Keys.Order(StringComparer.Ordinal), SkillsRoom.Own.Order(StringComparer.Ordinal));
    }

    private SkillRoom Room() => new([], aos =>
    {
        foreach (var found in SkillFolder.Open(folder, null).Skills) Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(aos.Services, found.Register);
    });

    private static IEnumerable<System.Reflection.Assembly> Contexts(SkillRoom room) =>
        System.Runtime.Loader.AssemblyLoadContext.All.Where(context => context.Name == "part" && room.Skills.All.ContainsKey("part")).SelectMany(context => context.Assemblies).Take(1);
}
