// SPDX-License-Identifier: MIT
// Steps, expectations, and the conversation with the test that started us: we ask it on standard output to do something
// to the network, and it answers on standard input.
namespace HubplaneClientTest;

internal sealed class CheckFailed(string message) : Exception(message);

internal static class Check
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(
        15 * double.Parse(Environment.GetEnvironmentVariable("HUBPLANE_PATIENCE") ?? "1"));

    public static int Failures { get; private set; }

    public static async Task Step(string title, Func<Task> body)
    {
        var started = Environment.TickCount64;
        try
        {
            await body();
            Console.WriteLine($"ok {title} ({Environment.TickCount64 - started} ms)");
        }
        catch (Exception exception)
        {
            Failures++;
            var text = (exception is CheckFailed ? exception.Message : exception.ToString()).ReplaceLineEndings(" | ");
            Console.WriteLine($"FAILED {title}: {text}");
        }
    }

    public static void True(bool condition, string what)
    {
        if (!condition)
        {
            throw new CheckFailed(what);
        }
    }

    public static void Equal<T>(T expected, T actual, string what) =>
        True(EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: expected {expected}, got {actual}");

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what)
    {
        var got = actual.ToList();
        True(expected.SequenceEqual(got), $"{what}: expected {string.Join(",", expected)}, got {string.Join(",", got)}");
    }

    public static async Task<T> Within<T>(Task<T> task, string what)
    {
        True(await Task.WhenAny(task, Task.Delay(Patience)) == task, $"{what}: no answer in {Patience.TotalSeconds} s");
        return await task;
    }

    public static async Task Within(Task task, string what)
    {
        True(await Task.WhenAny(task, Task.Delay(Patience)) == task, $"{what}: no answer in {Patience.TotalSeconds} s");
        await task;
    }

    public static async Task Until(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            True(DateTime.UtcNow < deadline, $"waited {Patience.TotalSeconds} s for {what}");
            await Task.Delay(10);
        }
    }

    /// <summary>Ask the test to do something and wait until it is done.</summary>
    public static void Ask(string wish)
    {
        Console.WriteLine($"do {wish}");
        Console.Out.Flush();
        Equal("done", Console.ReadLine(), wish);
    }
}
