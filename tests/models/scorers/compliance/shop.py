"""A small playbook with every part in it, for tests of lint, vectors and diff."""

SHOP = """\
id: shop
version: 1
title: {zh: 小店, en: Shop}
words:
  polite: 您好|你好
cues:
  hi:
    include: ["{polite}", "hello"]
  wechat:
    include: ["加.{0,4}微信"]
    exclude: ["不能加.{0,2}微信"]
  anything:
    include: ["[^ ]"]
conditions:
  agent_spoke: {seen: [anything], by: agent}
checks:
  - id: greeting
    kind: required
    title: {zh: 问候, en: Greeting}
    applies: {holds: agent_spoke}
    look_for: {seen: [hi], first: 2}
    suggest: [您好]
    reasons:
      passed: {zh: "第 {message} 条问候", en: "greets in {message}"}
      failed: {zh: 没有问候, en: no greeting}
      na: {zh: 不适用, en: does not apply}
    tests:
      - {line: "您好,有什么可以帮您", expect: pass, quote: 您好}
      - name: silent agent
        turns: ["customer: 在吗", "agent +65s: 什么事"]
        expect: fail
      - {line: 在吗, by: customer, expect: na}
  - id: off_platform
    kind: forbidden
    title: {zh: 站外, en: Off platform}
    look_for: {seen: [wechat]}
    say_instead: [请在这里留言]
    reasons:
      passed: {zh: 没有, en: none}
      failed: {zh: "“{quote}”", en: "“{quote}”"}
      na: {zh: 不适用, en: does not apply}
    tests:
      - {line: 加我微信聊, expect: fail, quote: 微信}
      - {line: 平台规定不能加微信, expect: pass}
tests:
  - name: both
    turns: ["a: 你好", "c: 怎么联系", "a: 加下微信"]
    attributes: {queue: aftersale}
    expect: {greeting: pass, off_platform: fail}
"""
