using System.Runtime.CompilerServices;
using System.Text;

namespace Aos.Simulation;

/// <summary>A line of the story, made only when somebody listens.</summary>
[InterpolatedStringHandler]
internal readonly ref struct Telling
{
    private readonly StringBuilder? text;

    internal Telling(int literals, int holes, World world, out bool isHeard)
    {
        isHeard = world.IsTold;
        text = isHeard ? new StringBuilder(literals + (holes * 16)) : null;
    }

    internal string Text => text?.ToString() ?? "";

    internal void AppendLiteral(string literal) => text!.Append(literal);

    internal void AppendFormatted<T>(T value) => text!.Append(value);
}
