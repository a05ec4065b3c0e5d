"""Given names that one person goes by: short forms and their long ones. Not here: comparing names (likeness.py)."""

#: Each line is names of one person. One may be in several: Al is Albert, Alan or Alfred, who are not each other.
_TOGETHER = """
abigail abby gail
albert al bert
alan allan allen al
alexander alex xander sasha
alexandra alex alexa sandra sandy lexi
alfred al fred
andrew andy drew
anthony tony
antonio tony
arthur art
barbara barb babs
benjamin ben benny
carolyn carol
carolina carol
catherine katherine kathryn kate kathy cathy katie kat katharine
charles charlie chuck
christina christine chris tina chrissy
christopher chris topher
cynthia cindy
daniel dan danny
david dave
deborah debra deb debbie
donald don donny
dorothy dot dottie
edward ed eddie ned ted
eleanor ellie nora
elizabeth liz beth betty eliza lisa betsy libby
emily em
eugene gene
evelyn evie
frances fran
francisco paco pancho frank
francis frank
frederick fred freddie
gabriel gabe
gerald jerry gerry
gregory greg
guadalupe lupe
harold harry hal
henry hank harry
ignacio nacho
isabella bella izzy
jacob jake
jacqueline jackie
james jim jimmy jamie
janet jan
jeffrey jeff geoff
jennifer jen jenny
jessica jess jessie
jesus chuy
john jack johnny
jonathan jon
jose pepe
joseph joe joey
joshua josh
judith judy
katelyn kate katie
kenneth ken kenny
kimberly kim
lawrence larry
leonard leo len
leslie les
louis lou
louise lou
madison maddie
manuel manny
margaret meg maggie peggy marge margie greta
maria mia
mary molly polly
matthew matt
maureen mo
melissa mel missy
michael mike mikey mick
michelle shelly
mohammed muhammad mohamed mo
nancy nan
natalie nat
nathaniel nathan nate
nicholas nick nicky
nicole nikki
olivia liv
pamela pam
patricia pat patty tricia trish
patrick pat paddy
peter pete
philip phillip phil
rachel rae
raymond ray
rebecca becky becca
richard rick rich dick ricky
robert bob rob bobby robbie bert
roberta bobbie
ronald ron ronny
rosemary rose
russell russ
samantha sam
samuel sam sammy
sandra sandy
sarah sally
stanley stan
stephanie steph
steven stephen steve
susan sue suzie
suzanne sue suzie
terrence terry
theodore ted teddy theo
theresa teresa terry tess
thomas tom tommy
timothy tim
valerie val
veronica ronnie
victor vic
victoria vicky tori
vincent vince vinny
virginia ginny
walter walt
william will bill billy liam
zachary zach zack
"""
_GROUPS: dict[str, set[int]] = {}
for _number, _line in enumerate(_TOGETHER.split("\n")):
    for _name in _line.split():
        _GROUPS.setdefault(_name, set()).add(_number)


def same_given_name(one: str, other: str) -> bool:
    """Whether one person may go by both; plain names.

    >>> same_given_name("bill", "william"), same_given_name("albert", "alfred")
    (True, False)
    """
    return one == other or not _GROUPS.get(one, set()).isdisjoint(_GROUPS.get(other, ()))
