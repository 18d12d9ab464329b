// SPDX-License-Identifier: MIT
// What SignalR's Redis package does with its client library, on command: "publish HEX" runs the script, messages on the channel
// are told as "message HEX". Usage: Application CONNECTION-STRING KEY SCRIPT-FILE
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using StackExchange.Redis;

static class Program
{
    static readonly object told = new object();

    static void Tell(string line)
    {
        lock (told) { Console.WriteLine(line); Console.Out.Flush(); }
    }

    static string Hex(byte[] bytes) { return BitConverter.ToString(bytes).Replace("-", ""); }

    static byte[] Bytes(string hex)
    {
        return Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();
    }

    static int Main(string[] args)
    {
        string script = File.ReadAllText(args[2]);
        var log = new StringWriter();
        ConnectionMultiplexer redis = ConnectionMultiplexer.Connect(args[0], log);
        redis.ConnectionFailed += (sender, e) => Tell("lost " + e.ConnectionType);
        redis.ConnectionRestored += (sender, e) => Tell("restored " + e.ConnectionType);
        redis.ErrorMessage += (sender, e) => Tell("server says " + e.Message);
        if (!redis.IsConnected)
        {
            Tell("refused " + log.ToString().Replace('\n', ' ').Replace('\r', ' '));
            return 1;
        }
#if BEFORE_QUEUES
        redis.PreserveAsyncOrder = true;
        redis.GetSubscriber().Subscribe(args[1], (channel, message) => Tell("message " + Hex(message)));
#else
        redis.GetSubscriber().Subscribe(args[1]).OnMessage(message => Tell("message " + Hex(message.Message)));
#endif
        Tell("ready " + typeof(ConnectionMultiplexer).Assembly.GetName().Version);
        for (string line; (line = Console.ReadLine()) != null;)
        {
            try
            {
                var result = (RedisResult[])redis.GetDatabase().ScriptEvaluate(script, new RedisKey[] { args[1] },
                    new RedisValue[] { Bytes(line.Split(' ')[1]) });
                Tell("published " + result.Length + " " + (long)result[0]);
            }
            catch (Exception error)
            {
                Tell("failed " + error.Message.Replace('\n', ' '));
            }
        }
        redis.GetSubscriber().Unsubscribe(args[1]);
        redis.Close();
        Tell("closed");
        return 0;
    }
}
