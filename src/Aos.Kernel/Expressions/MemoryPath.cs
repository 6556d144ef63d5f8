using System.Text.Json;

namespace Aos.Kernel;

/// <summary><c>memory["KEY"]</c>: an entry of the tenant's memory as it was when the step began.</summary>
internal sealed record MemoryPath(Node Key) : Node
{
    public override JsonElement? Evaluate(Evaluation on)
    {
        on.Step();
        return on.Scope.Memory(Name(on));
    }

    /// <summary>The key it reads.</summary>
    internal string Name(Evaluation on)
    {
        var key = Operators.Text(Key.Value(on));
        return MemoryKey.Problem(key) is { } problem ? throw new ExpressionException("EXPRESSION_ERROR", $"{problem}.") : key;
    }

    public override string ToString() => $"memory[{Key}]";
}

/// <summary>What an expression refers to.</summary>
/// <param name="Steps">Ids of steps.</param>
/// <param name="Names">Other names.</param>
/// <param name="Memory">What it reads of the memory.</param>
/// <param name="KeyProblem">Why one of those keys cannot be known when a step begins; null: all can.</param>
internal sealed record References(List<string> Steps, List<string> Names, List<MemoryPath> Memory, string? KeyProblem)
{
    internal static References None { get; } = new([], [], [], null);
}

/// <summary>How the memory is written in expressions.</summary>
internal sealed partial class Parser
{
    private int keys; // How many keys of memory the parser is within.

    internal List<MemoryPath> Memory { get; } = [];

    /// <summary>Keys are looked up when a step begins: nothing in them may be known only later, or differ from item to item.</summary>
    internal string? KeyProblem { get; private set; }

    private Node MemoryEntry()
    {
        if (keys > 0) KeyProblem ??= "a key of memory cannot be read from memory";
        Node key;
        if (Take(".")) key = Now.Kind == TokenKind.Name ? new Literal(Json.Of(tokens[at++].Text)) : throw Unexpected();
        else if (Take("["))
        {
            keys++;
            key = Choice();
            keys--;
            Expect("]");
        }
        else
        {
            Names.Add("memory");
            return new Name("memory");
        }

        if (key is Literal { Constant: var constant })
            KeyProblem ??= constant.ValueKind == JsonValueKind.String ? Kernel.MemoryKey.Problem(constant.GetString()!) : "a key of memory is a text";
        var entry = new MemoryPath(key);
        Memory.Add(entry);
        return entry;
    }

    private void InKey(string name)
    {
        if (keys > 0 && name is not ("inputs" or "run")) KeyProblem ??= $"a key of memory cannot depend on {name}: it is read when the step begins";
    }
}
