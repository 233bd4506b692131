"""People's names: behind a word that announces one, or right beside other personal data."""

from __future__ import annotations

import re

from models.text.pii.finding import TAKEN, by_pattern, hide_after

_HAN = "[\u4e00-\u9fff]"
# The commonest single and the double surnames; left out are those that mostly are another word (全, 时, 和, 都, 要).
_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|南宫|"
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦柳邢路岳齐梅莫庄辛祝左涂谷祁耿牟卜詹关苗凌费纪靳盛童欧甄项裴席卫查屈鲍覃霍翁隋植甘景薄柏宁柯阮桂闵柴"
    "冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅褚廉简娄符奚穆党燕郎邸冀姬屠郜晏栾郁蒙喻窦迟敖糜卓花仇艾蓝巩嵇井练仲虞卞竺冼楚佟栗"
    "匡鞠僧桑荆谌扬伏岑习胥蔺])"
)
# Words that start like a name.
_NO_NAME = (
    "(?!马上|辛苦|王国|查找|谢谢|方便|高兴|常用|安排|安装|关于|成功|应该|向您|路上|路过|金额|白色|黄色|黑色|蓝色|花色|毛衣|石头|文件|明天|明细|全部|全额|"
    "都是|都不|都要|和我|和你|来自|来电|来取|商品|商家|商城|连接|计算|查询|查收|查到|解决|解释|单号|单子|单独|位置|管理|简单|盖章|保价|保修|"
    "原来|原路|原价|官方|官网|台湾|强烈|强制|封面|符合|项目|游戏|温馨|温度|于是|易碎|万一|龙头|江苏|江西|任何|何时|成都|宁波|安徽|广州|"
    "苏州|常州|温州|金华|武汉|贵州|车牌|车间|房间|边上|练习|应付|习惯|保证|保存|冷冻|花费|和平|时候|许多|沙发|沈阳|华为|安全|米色|乐意|古典|"
    "电话|手机|号码|地址|信息|资料|身份|联系|方式|客服|本人|麻烦|[写填改错没不未已可需要请您你我与及的是有])"
)
_END = r"(?=$|[\s,。;、/|+\d(.!?~" + TAKEN + r"]|电话|手机|地址|联系|身份证|卡号|的|收$|就行|就好|收件|昨天|今天|不是)"
_LABELS = "姓名|名字|收件人|寄件人|收货人|联系人|收款人|持卡人|开户人|户名|机主|车主"
_GAP = r"[ \t]{0,2}:?[ \t]{0,2}"

_ANNOUNCED = re.compile(
    # With a colon or a space behind the label any two to four characters are a name,
    rf"(?:{_LABELS}){_GAP}(?<=[: \t]){_NO_NAME}(?P<value>{_HAN}(?:[\u4e00-\u9fff·]{{1,3}}?|\*{{1,4}})){_END}"
)
_INTRODUCED = re.compile(
    # without, it starts with a surname.
    rf"(?:(?:{_LABELS})(?:改成|换成|改为|写|填|是|叫|为)?"
    rf"|(?<![不就别])(?:我|人|个|位|买家|客户|顾客)叫|本人(?:是|叫)?)[: ]?"
    rf"{_NO_NAME}(?P<value>{_SURNAME}(?:{_HAN}{{1,2}}?|\*{{1,3}})|{_HAN}\*{{1,3}}){_END}"
)
_BEFORE_OTHERS = re.compile(
    rf"(?:^|(?<=[\s,;:、]))(?:快递员|收件|收货|车主)?{_NO_NAME}(?P<value>{_SURNAME}(?:{_HAN}{{1,2}}|\*{{1,3}}))"
    rf"(?=[\s,;、:]{{1,2}}{TAKEN}|[\s,;、]{{0,2}}(?:联系电话|电话|手机|身份证|车牌|tel|phone)号?[ :]{{0,2}}{TAKEN}"
    rf"|{TAKEN}{{11}}(?!{TAKEN}))",
    re.IGNORECASE,
)
_BEHIND_OTHERS = re.compile(
    rf"(?<={TAKEN})[\s,;、]{{0,2}}{_NO_NAME}(?P<value>{_SURNAME}(?:{_HAN}{{1,2}}|\*{{1,3}}))(?=$|[\s,;、{TAKEN}])"
)

_CAPITAL = r"[A-Z](?:[a-z'’-]{1,20}|\*{1,60})"
_TWO = rf"(?:{_CAPITAL} {_CAPITAL}|[A-Z]\*{{2,60}})"
_ENGLISH_LABEL = re.compile(
    r"(?i:\b(?:(?<!brand )(?<!file )(?<!user )name(?: on the order)?|recipient|receiver|consignee|attn|cardholder))"
    rf"[ ]?[:-][ ]?(?P<value>{_CAPITAL}(?: {_CAPITAL}){{0,2}})(?![A-Za-z\d*])"
)
_ENGLISH_LEAD = re.compile(
    rf"(?i:\b(?:recipient|receiver to|order is under|cardholder name|contact name)) (?P<value>{_TWO})(?![A-Za-z\d*])"
)
_ENGLISH_BESIDE = re.compile(
    rf"(?:^|(?<=\n)|(?<=[:,] ))(?P<value>{_TWO})(?=[,\s]{{1,2}}(?i:(?:phone|tel)[: ]{{0,2}})?{TAKEN})"
)
_MY_NAME = re.compile(
    r"\bmy name(?: is|['’]s) "
    r"(?!(?:not|on|in|at|the|a|an|wrong|correct|right|missing|spelled|misspelled|still"
    r"|being|listed|same|different|already)\b)"
    r"(?P<value>[A-Za-z](?:[a-z'’-]{1,20}(?: (?!and\b|from\b|but\b|i\b)[A-Za-z][a-z'’-]{1,20})?|\*{1,60}))"
    r"(?![A-Za-z\d*])",
    re.IGNORECASE,
)

# Those that a label announces are found before addresses (a masked 路** is none), those that stand beside one after.
ANNOUNCED, ENGLISH, BESIDE = (
    tuple(by_pattern("name", pattern, hide_after(1)) for pattern in patterns)
    for patterns in (
        (_ANNOUNCED, _INTRODUCED),
        (_ENGLISH_LABEL, _ENGLISH_LEAD, _MY_NAME),
        (_BEFORE_OTHERS, _BEHIND_OTHERS, _ENGLISH_BESIDE),
    )
)
